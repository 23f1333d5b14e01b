import HTTP

/// Which routes lead to class data, and so are closed where the instance has no outside access.
/// What an administrator needs (accounts, models, mail, operations) stays open.
enum OutsideAccess {
    private static let areas: Set<String> = [
        "records", "views", "queries", "events", "workflows", "scripts", "tasks", "imports",
        "exports", "syncs", "runs",
    ]

    /// `path`: as a route declares it.
    static func isNeeded(_ path: String) -> Bool {
        let parts = path.split(separator: "/").prefix(2).map(String.init)
        switch parts.first {
        case "m", "q", "e", "d", "call", "search", "tasks", "runs": return true
        case "api": return parts.count > 1 && areas.contains(parts[1])
        default: return false
        }
    }

    static let isOff = Problem(
        status: 403, code: "web-access-off", title: "This instance is closed to the outside",
        detail: "The setting GATEWAY_WEB_ACCESS is off: class data cannot be reached from outside.")
}
