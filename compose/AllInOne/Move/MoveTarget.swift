import Database

/// Where to, as it was written.
struct MoveTarget {
    private let url: String
    /// `url` with `PASSWORD` for its password.
    private let shown: String
    private let namesSchema: Bool

    /// `count`: the services that go there. Throws where it is none, without its password.
    init(_ url: String, for count: Int) throws {
        guard PostgresPlace.isOne(url) else {
            throw DataFolders.WrongArguments("--to begins with postgresql://")
        }
        let body = url.drop { $0 != "/" }.dropFirst(2)
        let end = body.firstIndex { $0 == "/" || $0 == "?" } ?? body.endIndex
        let at = body[..<end].lastIndex(of: "@") ?? body.startIndex
        let login = body[..<at].split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let rest = body[at...]
        self.url = url
        shown =
            "postgresql://\(login.first ?? "")" + (login.count > 1 ? ":PASSWORD" : "") + rest
        namesSchema = rest.contains("?schema=") || rest.contains("&schema=")
        do {
            _ = try PostgresPlace(url, schema: "geartrain")
        } catch DatabaseError.schema(let words) {
            throw DataFolders.WrongArguments("--to: \(words)")
        }
        guard !namesSchema || count == 1 else {
            throw DataFolders.WrongArguments(
                "--to names a schema, which is for one service: name it by --service")
        }
    }

    func configuration(_ owner: DataFolders.Owner) -> DatabaseConfiguration {
        var configuration = DatabaseConfiguration(location: url)
        configuration.schema = owner.service
        return configuration
    }

    /// What is to be set, without the password.
    func setting(_ owner: DataFolders.Owner) -> String {
        let mark = namesSchema ? "" : (shown.contains("?") ? "&" : "?") + "schema=\(owner.service)"
        return "\(owner.setting)=\(shown)\(mark)"
    }
}
