"""The public sign-up: its page and its form (also on other sites), and the page that confirms."""
