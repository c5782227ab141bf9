"""Pictures of posts: fetched safely, kept by the hash of their content, and fitted to what each network takes."""
