"""How Facebook shows a page's post in the feed.

“See more” stands after about 480 characters. Facebook documents no number: this is what publishers count
(support.dynamicsignal.com, “Content Sharing Technical Specifications”). Cards are 1.91:1 by developers.facebook.com,
“Images in Link Shares”.
"""

from __future__ import annotations

from publisher.social.networks.preview import Preview

PREVIEW = Preview(
    fold_width=480,
)
