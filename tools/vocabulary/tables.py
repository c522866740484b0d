"""Entries of the default vocabulary that are not names: places, agents, acquisitions, actions and the link graph of a site."""

from typing import Any, NamedTuple

from mockserver.world.model.vocabulary import Acquisition, Action, Agent, Place


class Row(NamedTuple):
    """A page whose links and actions are still names."""

    path: str
    title: str
    querystring: str
    weight: int
    links: str
    """Pages by path and querystring; a word with @ is the next page of that group, in turn."""
    actions: str
    """Actions by name."""

    @property
    def url(self) -> str:
        """Path and querystring, by which links name the page."""
        return self.path + self.querystring


# fmt: off
PLACES = tuple(Place(*row) for row in (
    ("", "", "", "", "", 0.0, 0.0, "", "", 0),
    ("US", "United States", "US-NY", "New York", "New York", 40.7128, -74.0060, "America/New_York", "en-US", 90),
    ("US", "United States", "US-CA", "California", "Los Angeles", 34.0522, -118.2437, "America/Los_Angeles", "en-US", 60),
    ("US", "United States", "US-CA", "California", "San Francisco", 37.7749, -122.4194, "America/Los_Angeles", "en-US", 55),
    ("US", "United States", "US-IL", "Illinois", "Chicago", 41.8781, -87.6298, "America/Chicago", "en-US", 45),
    ("US", "United States", "US-TX", "Texas", "Austin", 30.2672, -97.7431, "America/Chicago", "en-US", 35),
    ("US", "United States", "US-WA", "Washington", "Seattle", 47.6062, -122.3321, "America/Los_Angeles", "en-US", 35),
    ("US", "United States", "US-CO", "Colorado", "Denver", 39.7392, -104.9903, "America/Denver", "en-US", 20),
    ("US", "United States", "US-AZ", "Arizona", "Phoenix", 33.4484, -112.0740, "America/Phoenix", "en-US", 15),
    ("US", "United States", "US-GA", "Georgia", "Atlanta", 33.7490, -84.3880, "America/New_York", "en-US", 20),
    ("US", "United States", "US-HI", "Hawaii", "Honolulu", 21.3069, -157.8583, "Pacific/Honolulu", "en-US", 4),
    ("CA", "Canada", "CA-ON", "Ontario", "Toronto", 43.6532, -79.3832, "America/Toronto", "en-CA", 30),
    ("CA", "Canada", "CA-QC", "Quebec", "Montreal", 45.5019, -73.5674, "America/Toronto", "fr-CA", 18),
    ("CA", "Canada", "CA-BC", "British Columbia", "Vancouver", 49.2827, -123.1207, "America/Vancouver", "en-CA", 15),
    ("MX", "Mexico", "MX-CMX", "Mexico City", "Mexico City", 19.4326, -99.1332, "America/Mexico_City", "es-MX", 20),
    ("MX", "Mexico", "MX-JAL", "Jalisco", "Guadalajara", 20.6597, -103.3496, "America/Mexico_City", "es-MX", 8),
    ("BR", "Brazil", "BR-SP", "São Paulo", "São Paulo", -23.5505, -46.6333, "America/Sao_Paulo", "pt-BR", 35),
    ("BR", "Brazil", "BR-RJ", "Rio de Janeiro", "Rio de Janeiro", -22.9068, -43.1729, "America/Sao_Paulo", "pt-BR", 18),
    ("BR", "Brazil", "BR-AM", "Amazonas", "Manaus", -3.1190, -60.0217, "America/Manaus", "pt-BR", 5),
    ("AR", "Argentina", "AR-C", "Buenos Aires City", "Buenos Aires", -34.6037, -58.3816, "America/Argentina/Buenos_Aires", "es-AR", 14),
    ("AR", "Argentina", "AR-X", "Córdoba", "Córdoba", -31.4201, -64.1888, "America/Argentina/Cordoba", "es-AR", 5),
    ("GB", "United Kingdom", "GB-ENG", "England", "London", 51.5074, -0.1278, "Europe/London", "en-GB", 60),
    ("GB", "United Kingdom", "GB-ENG", "England", "Manchester", 53.4808, -2.2426, "Europe/London", "en-GB", 20),
    ("GB", "United Kingdom", "GB-SCT", "Scotland", "Edinburgh", 55.9533, -3.1883, "Europe/London", "en-GB", 10),
    ("IE", "Ireland", "IE-L", "Leinster", "Dublin", 53.3498, -6.2603, "Europe/Dublin", "en-IE", 12),
    ("DE", "Germany", "DE-BE", "Berlin", "Berlin", 52.5200, 13.4050, "Europe/Berlin", "de-DE", 40),
    ("DE", "Germany", "DE-BY", "Bavaria", "Munich", 48.1351, 11.5820, "Europe/Berlin", "de-DE", 28),
    ("DE", "Germany", "DE-HH", "Hamburg", "Hamburg", 53.5511, 9.9937, "Europe/Berlin", "de-DE", 20),
    ("DE", "Germany", "DE-NW", "North Rhine-Westphalia", "Cologne", 50.9375, 6.9603, "Europe/Berlin", "de-DE", 16),
    ("FR", "France", "FR-IDF", "Île-de-France", "Paris", 48.8566, 2.3522, "Europe/Paris", "fr-FR", 38),
    ("FR", "France", "FR-ARA", "Auvergne-Rhône-Alpes", "Lyon", 45.7640, 4.8357, "Europe/Paris", "fr-FR", 14),
    ("FR", "France", "FR-PAC", "Provence-Alpes-Côte d'Azur", "Marseille", 43.2965, 5.3698, "Europe/Paris", "fr-FR", 10),
    ("ES", "Spain", "ES-MD", "Community of Madrid", "Madrid", 40.4168, -3.7038, "Europe/Madrid", "es-ES", 22),
    ("ES", "Spain", "ES-CT", "Catalonia", "Barcelona", 41.3874, 2.1686, "Europe/Madrid", "es-ES", 18),
    ("PT", "Portugal", "PT-11", "Lisbon", "Lisbon", 38.7223, -9.1393, "Europe/Lisbon", "pt-PT", 9),
    ("PT", "Portugal", "PT-13", "Porto", "Porto", 41.1579, -8.6291, "Europe/Lisbon", "pt-PT", 5),
    ("IT", "Italy", "IT-62", "Lazio", "Rome", 41.9028, 12.4964, "Europe/Rome", "it-IT", 16),
    ("IT", "Italy", "IT-25", "Lombardy", "Milan", 45.4642, 9.1900, "Europe/Rome", "it-IT", 18),
    ("NL", "Netherlands", "NL-NH", "North Holland", "Amsterdam", 52.3676, 4.9041, "Europe/Amsterdam", "nl-NL", 22),
    ("NL", "Netherlands", "NL-ZH", "South Holland", "Rotterdam", 51.9244, 4.4777, "Europe/Amsterdam", "nl-NL", 8),
    ("SE", "Sweden", "SE-AB", "Stockholm County", "Stockholm", 59.3293, 18.0686, "Europe/Stockholm", "sv-SE", 14),
    ("PL", "Poland", "PL-14", "Mazovia", "Warsaw", 52.2297, 21.0122, "Europe/Warsaw", "pl-PL", 14),
    ("PL", "Poland", "PL-12", "Lesser Poland", "Krakow", 50.0647, 19.9450, "Europe/Warsaw", "pl-PL", 8),
    ("TR", "Turkey", "TR-34", "Istanbul", "Istanbul", 41.0082, 28.9784, "Europe/Istanbul", "tr-TR", 14),
    ("EG", "Egypt", "EG-C", "Cairo", "Cairo", 30.0444, 31.2357, "Africa/Cairo", "ar-EG", 9),
    ("NG", "Nigeria", "NG-LA", "Lagos", "Lagos", 6.5244, 3.3792, "Africa/Lagos", "en-NG", 12),
    ("ZA", "South Africa", "ZA-GP", "Gauteng", "Johannesburg", -26.2041, 28.0473, "Africa/Johannesburg", "en-ZA", 9),
    ("ZA", "South Africa", "ZA-WC", "Western Cape", "Cape Town", -33.9249, 18.4241, "Africa/Johannesburg", "en-ZA", 8),
    ("IN", "India", "IN-KA", "Karnataka", "Bengaluru", 12.9716, 77.5946, "Asia/Kolkata", "en-IN", 38),
    ("IN", "India", "IN-MH", "Maharashtra", "Mumbai", 19.0760, 72.8777, "Asia/Kolkata", "en-IN", 30),
    ("IN", "India", "IN-DL", "Delhi", "New Delhi", 28.6139, 77.2090, "Asia/Kolkata", "hi-IN", 25),
    ("SG", "Singapore", "SG-01", "Central Singapore", "Singapore", 1.3521, 103.8198, "Asia/Singapore", "en-SG", 12),
    ("JP", "Japan", "JP-13", "Tokyo", "Tokyo", 35.6762, 139.6503, "Asia/Tokyo", "ja-JP", 35),
    ("JP", "Japan", "JP-27", "Osaka", "Osaka", 34.6937, 135.5023, "Asia/Tokyo", "ja-JP", 15),
    ("KR", "South Korea", "KR-11", "Seoul", "Seoul", 37.5665, 126.9780, "Asia/Seoul", "ko-KR", 20),
    ("AU", "Australia", "AU-NSW", "New South Wales", "Sydney", -33.8688, 151.2093, "Australia/Sydney", "en-AU", 20),
    ("AU", "Australia", "AU-VIC", "Victoria", "Melbourne", -37.8136, 144.9631, "Australia/Melbourne", "en-AU", 16),
    ("AU", "Australia", "AU-SA", "South Australia", "Adelaide", -34.9285, 138.6007, "Australia/Adelaide", "en-AU", 4),
    ("NZ", "New Zealand", "NZ-AUK", "Auckland", "Auckland", -36.8509, 174.7645, "Pacific/Auckland", "en-NZ", 8),
))

AGENTS = tuple(Agent(*row) for row in (
    ("", "", "", "", "", 0, 0, 0),
    ("desktop", "Windows", "10", "Chrome", "131", 1920, 1080, 150),
    ("desktop", "Windows", "11", "Chrome", "131", 2560, 1440, 70),
    ("desktop", "Windows", "11", "Chrome", "130", 1536, 864, 50),
    ("desktop", "Windows", "11", "Edge", "131", 1920, 1080, 55),
    ("desktop", "Windows", "10", "Edge", "130", 1366, 768, 20),
    ("desktop", "Windows", "10", "Firefox", "133", 1920, 1080, 25),
    ("desktop", "Windows", "11", "Opera", "114", 1920, 1080, 8),
    ("desktop", "macOS", "14.5", "Chrome", "131", 1440, 900, 65),
    ("desktop", "macOS", "14.5", "Safari", "17", 1512, 982, 55),
    ("desktop", "macOS", "15.1", "Safari", "18", 1728, 1117, 25),
    ("desktop", "macOS", "14.5", "Firefox", "133", 1440, 900, 10),
    ("desktop", "macOS", "15.1", "Edge", "131", 2560, 1440, 4),
    ("desktop", "Linux", "", "Chrome", "131", 1920, 1080, 14),
    ("desktop", "Linux", "", "Firefox", "133", 1920, 1080, 14),
    ("desktop", "ChromeOS", "131", "Chrome", "131", 1366, 768, 10),
    ("mobile", "iOS", "17.2", "Safari", "17", 390, 844, 130),
    ("mobile", "iOS", "18.1", "Safari", "18", 393, 852, 70),
    ("mobile", "iOS", "17.2", "Chrome", "131", 390, 844, 25),
    ("mobile", "Android", "14", "Chrome", "131", 412, 915, 140),
    ("mobile", "Android", "13", "Chrome", "130", 360, 800, 60),
    ("mobile", "Android", "14", "Samsung Internet", "26", 384, 832, 25),
    ("mobile", "Android", "14", "Firefox", "133", 412, 915, 6),
    ("tablet", "iOS", "17.2", "Safari", "17", 820, 1180, 25),
    ("tablet", "Android", "13", "Chrome", "131", 800, 1280, 10),
))
BOTS = tuple(Agent(*row) for row in (
    ("desktop", "", "", "Googlebot", "2.1", 0, 0, 40),
    ("desktop", "", "", "bingbot", "2.0", 0, 0, 20),
    ("desktop", "", "", "AhrefsBot", "7.0", 0, 0, 12),
    ("desktop", "", "", "YandexBot", "3.0", 0, 0, 6),
    ("desktop", "", "", "DuckDuckBot", "1.1", 0, 0, 4),
    ("desktop", "", "", "curl", "8.5", 0, 0, 4),
    ("desktop", "", "", "python-requests", "2.32", 0, 0, 4),
    ("desktop", "Linux", "", "HeadlessChrome", "131", 800, 600, 10),
))

ACQUISITIONS = tuple(Acquisition(*row) for row in (  # {0} to {5} are the drawn campaigns
    ("", "", "", "", "", "", "", 0),
    ("Direct", "", "", "", "", "", "", 300),
    ("Organic Search", "https://www.google.com/", "", "", "", "", "", 240),
    ("Organic Search", "https://www.bing.com/", "", "", "", "", "", 30),
    ("Organic Search", "https://duckduckgo.com/", "", "", "", "", "", 20),
    ("Organic Search", "https://search.yahoo.com/", "", "", "", "", "", 6),
    ("Organic Search", "https://www.ecosia.org/", "", "", "", "", "", 4),
    ("Organic Social", "https://www.facebook.com/", "", "", "", "", "", 20),
    ("Organic Social", "https://www.linkedin.com/", "", "", "", "", "", 24),
    ("Organic Social", "https://t.co/", "", "", "", "", "", 18),
    ("Organic Social", "https://www.instagram.com/", "", "", "", "", "", 10),
    ("Organic Social", "https://www.reddit.com/", "", "", "", "", "", 8),
    ("Organic Video", "https://www.youtube.com/", "", "", "", "", "", 15),
    ("Referral", "https://news.ycombinator.com/", "", "", "", "", "", 15),
    ("Referral", "https://blog.partner.example/", "", "", "", "", "", 20),
    ("Referral", "https://reviews.example/compare/tools", "", "", "", "", "", 12),
    ("Referral", "https://directory.example.org/", "", "", "", "", "", 8),
    ("Referral", "https://docs.partner.example/integrations", "partner", "referral", "{5}", "", "", 10),
    ("Email", "", "newsletter", "email", "{0}", "", "header-link", 35),
    ("Email", "", "newsletter", "email", "{1}", "", "footer-link", 20),
    ("Email", "", "onboarding", "email", "{2}", "", "day-3", 15),
    ("Paid Search", "https://www.google.com/", "google", "cpc", "{1}", "session analytics", "headline-a", 45),
    ("Paid Search", "https://www.google.com/", "google", "cpc", "{3}", "website statistics", "headline-b", 25),
    ("Paid Search", "https://www.bing.com/", "bing", "cpc", "{3}", "visitor tracking", "headline-a", 10),
    ("Paid Social", "https://www.facebook.com/", "facebook", "paid_social", "{2}", "", "carousel", 20),
    ("Paid Social", "https://www.linkedin.com/", "linkedin", "paid_social", "{4}", "", "single-image", 15),
    ("Paid Video", "https://www.youtube.com/", "youtube", "paid_video", "{4}", "", "preroll-15s", 10),
    ("Display", "https://news.publisher.example/", "display-network", "display", "{0}", "", "banner-300x250", 20),
    ("Affiliate", "https://deals.affiliate.example/", "affiliate-7", "affiliate", "{5}", "", "", 15),
))

_ITEM: dict[str, Any] = {"sku": "SKU-1042", "price": 49.5, "quantity": 1}
ACTIONS = {
    "idle": Action("custom_event", "interaction", {}),
    "signup": Action("custom_event", "signup_click", {"plan": "pro", "annual": True}),
    "hero": Action("custom_event", "cta_click", {"button": "hero", "position": 1}),
    "footer": Action("custom_event", "cta_click", {"button": "footer", "position": 7}),
    "plan": Action("custom_event", "plan_select", {"plan": "starter", "seats": 5, "annual": False}),
    "add": Action("custom_event", "add_to_cart", {**_ITEM, "currency": "USD"}),
    "remove": Action("custom_event", "remove_from_cart", {"sku": "SKU-1042", "quantity": 1}),
    "begin": Action("custom_event", "begin_checkout", {"value": 148.5, "currency": "USD", "items": [_ITEM]}),
    "purchase": Action("custom_event", "purchase", {"value": 148.5, "tax": 12.25, "currency": "USD", "first_order": True, "items": [_ITEM]}),
    "search": Action("custom_event", "search", {"query": "webhooks", "results": 12, "filters": {"type": "guide", "tags": ["api", "beta"]}}),
    "video": Action("custom_event", "video_play", {"title": "Product tour", "duration": 94.2, "autoplay": False}),
    "form": Action("custom_event", "form_submit", {"form": "contact", "fields": 4, "valid": True}),
    "subscribe": Action("custom_event", "newsletter_subscribe", {"list": "product-news", "topics": ["releases", "guides"]}),
    "login": Action("custom_event", "login", {"method": "password", "remember": True}),
    "share": Action("custom_event", "share", {"network": "linkedin"}),
    "scroll": Action("custom_event", "scroll_depth", {"percent": 75}),
    "out_docs": Action("outbound", "", {"url": "https://reference.example/api", "text": "API reference"}),
    "out_partner": Action("outbound", "", {"url": "https://blog.partner.example/case-study?ref=site", "text": "Read the case study"}),
    "out_status": Action("outbound", "", {"url": "https://status.example.org/", "text": "Status"}),
    "type_error": Action("error", "TypeError", {"message": "Cannot read properties of undefined (reading 'items')", "fileName": "https://cdn.example/app.js", "lineNumber": 214}),
    "reference_error": Action("error", "ReferenceError", {"message": "cart is not defined", "fileName": "https://cdn.example/cart.js", "lineNumber": 37}),
    "network_error": Action("error", "NetworkError", {"message": "Failed to fetch", "fileName": "https://cdn.example/api.js", "lineNumber": 88}),
}

PAGES = tuple(Row(*row) for row in (
    ("/", "Home", "", 400, "/pricing /pricing /features /features /products /docs @post /signup", "hero hero video scroll"),
    ("/pricing", "Pricing", "", 70, "/signup /signup /signup /features /contact /docs/faq / /products", "plan plan signup type_error"),
    ("/features", "Features", "", 40, "/pricing /pricing /signup /docs /customers @product @post /", "hero video scroll out_partner"),
    ("/customers", "Customers", "", 12, "/pricing /features @post @post /contact /about /signup /", "out_partner out_partner scroll footer"),
    ("/docs", "Documentation", "", 35, "@docs @docs @docs @docs @search @search /docs/api /login", "search search out_docs idle"),
    ("/docs/getting-started", "Getting started", "", 25, "@docs @docs /docs/api /docs/webhooks /signup /docs @search /login", "scroll video out_docs idle"),
    ("/docs/api", "API reference", "", 25, "@docs @docs /docs/webhooks /docs/webhooks /docs @search @search /login", "out_docs out_docs search scroll"),
    ("/docs/webhooks", "Webhooks", "", 12, "@docs @docs /docs/api /docs/api /docs @search /docs/changelog /404", "out_docs scroll idle network_error"),
    ("/docs/integrations", "Integrations", "", 10, "@docs @docs @product /docs/api /docs /features @search /signup", "out_partner out_docs scroll idle"),
    ("/docs/faq", "Frequently asked questions", "", 10, "@docs @docs /pricing /pricing /contact /contact /docs @search", "scroll search idle form"),
    ("/docs/changelog", "Changelog", "", 8, "@docs @docs /features @post /docs /blog /login /404", "scroll subscribe out_status idle"),
    ("/blog", "Blog", "", 25, "@post @post @post @post @post @post /features /", "subscribe subscribe scroll search"),
    ("/products", "Products", "", 35, "@product @product @product @product @product @search /cart /", "search scroll add type_error"),
    ("/cart", "Your cart", "", 3, "/checkout /checkout /checkout /checkout /products @product @product /", "begin begin remove reference_error"),
    ("/checkout", "Checkout", "", 0, "/checkout/thanks /checkout/thanks /checkout/thanks /checkout/thanks /cart /cart /contact /", "form form idle network_error"),
    ("/checkout/thanks", "Thank you for your order", "", 0, "/account /account /products @product @product /blog / /", "purchase purchase purchase share"),
    ("/signup", "Create your account", "", 20, "/signup/welcome /signup/welcome /signup/welcome /signup/welcome /login /pricing /privacy /", "signup signup form type_error"),
    ("/signup/welcome", "Welcome", "", 0, "/docs/getting-started /docs/getting-started /account /account /docs /features @product /", "video subscribe hero idle"),
    ("/login", "Log in", "", 30, "/account /account /account /account /account /signup /contact /", "login login login network_error"),
    ("/account", "Your account", "", 12, "/account/settings /account/settings /docs /docs @product /products /pricing /", "plan idle idle out_status"),
    ("/account/settings", "Account settings", "", 3, "/account /account /account /pricing /docs /docs/webhooks /contact /", "form form plan idle"),
    ("/search", "Search", "", 2, "@search @search @search @search @docs @product @post /", "search search search idle"),
    ("/search", "Search: webhooks", "?q=webhooks", 3, "/docs/webhooks /docs/webhooks /docs/api @docs @post @search /search /", "search search scroll idle"),
    ("/search", "Search: getting started", "?q=getting+started", 3, "/docs/getting-started /docs/getting-started @docs @docs @post @search /search /", "search search scroll idle"),
    ("/search", "Search: team plan, page 2", "?q=team+plan&page=2", 2, "/pricing /pricing @product @product @post @search /search /404", "search search scroll idle"),
    ("/search", "Search: export csv", "?q=export%20csv&sort=newest", 2, "@docs @docs @product @post @post @search /search /404", "search search scroll idle"),
    ("/contact", "Contact", "", 10, "/ / /about /pricing /docs/faq /docs/faq /privacy /careers", "form form form out_status"),
    ("/about", "About us", "", 10, "/careers /careers /contact /customers @post /blog / /", "video scroll footer out_partner"),
    ("/careers", "Careers", "", 12, "/about /about /contact /contact /blog @post / /privacy", "form scroll share idle"),
    ("/privacy", "Privacy", "", 2, "/ / /contact /contact /about /signup /pricing /docs", "scroll scroll footer idle"),
    ("/404", "Page not found", "", 3, "/ / / /search /search /products /docs /blog", "search search idle reference_error"),
))
POST = (8, "/blog /blog @post @post @post /features /signup /", "scroll scroll share subscribe")
PRODUCT = (7, "/cart /cart /cart @product @product /products /products @search", "add add scroll share")
# fmt: on
