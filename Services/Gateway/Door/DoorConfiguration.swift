import ServiceRuntime

/// The settings of the door itself: who may come how often, and from where.
struct DoorConfiguration: Sendable {
    /// Whether class data can be reached at all through this gateway: the first of the three levels
    /// (then the class's `webAccess`, then a grant of one of the caller's roles).
    var hasWebAccess: Bool
    var trustedProxies: TrustedProxies
    var crossOrigin: CrossOrigin
    var rates: RateLimits.Rates

    private static let rateRange = 0...1_000_000

    init(reading reader: ConfigurationReader) {
        hasWebAccess = reader.flag(
            "GATEWAY_WEB_ACCESS", default: true,
            help: "off closes class data to every outside door, whatever classes and roles say")
        let proxies = reader.optionalString(
            "GATEWAY_TRUSTED_PROXIES",
            help: "addresses or networks (10.0.0.0/8, fd00::/8) of proxies whose X-Forwarded-For"
                + " is believed, comma separated")
        trustedProxies = TrustedProxies(
            ranges: DoorConfiguration.list(proxies).compactMap { text in
                if let range = NetworkRange(text) { return range }
                reader.problem(
                    "GATEWAY_TRUSTED_PROXIES has “\(text)”; each must be an address or a network"
                        + " such as 10.0.0.0/8")
                return nil
            })
        let origins = reader.optionalString(
            "GATEWAY_CORS_ORIGINS",
            help: "origins whose pages may call the API with a token, comma separated")
        crossOrigin = CrossOrigin(
            origins: DoorConfiguration.list(origins).compactMap { text in
                if let origin = CrossOrigin.origin(text) { return origin }
                reader.problem(
                    "GATEWAY_CORS_ORIGINS has “\(text)”; each must be an origin such as"
                        + " https://app.example, and there is no wildcard")
                return nil
            })
        rates = RateLimits.Rates(
            account: reader.integer(
                "GATEWAY_RATE_ACCOUNT", default: 1000, in: DoorConfiguration.rateRange,
                help: "requests a second of one account; 0 is no limit"),
            token: reader.integer(
                "GATEWAY_RATE_TOKEN", default: 500, in: DoorConfiguration.rateRange,
                help: "requests a second of one API token; 0 is no limit"),
            address: reader.integer(
                "GATEWAY_RATE_ADDRESS", default: 2000, in: DoorConfiguration.rateRange,
                help: "requests a second of one address (IPv6: of its /64); 0 is no limit"))
    }

    private static func list(_ text: String?) -> [String] {
        (text ?? "").split(separator: ",").map { part in
            String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }.filter { !$0.isEmpty }
    }
}
