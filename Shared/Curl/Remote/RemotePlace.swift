import ServiceRuntime

/// A folder of files on another machine, and how to log in there.
public struct RemotePlace: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable {
        /// SSH's file transfer.
        case sftp
        /// FTP with TLS from the first byte (`ftps://`) or by AUTH TLS (`ftpes://`).
        case ftps
        /// GET and PUT; nothing can be listed.
        case https
        /// The API of Amazon S3, by path (`https://host/bucket/key`).
        case s3
    }

    public let kind: Kind
    /// `sftp://host:22/orders`, `ftps://…`, `ftpes://…`, `https://…`; of `s3`
    /// `https://host/bucket/prefix`. Without user and password, and without a slash at the end.
    public let url: String
    public var user = ""
    public var password = ""
    /// Of `sftp`: a file with a private key in place of the password.
    public var keyFile: String?
    /// Of `sftp`: the host's key, `SHA256:…` as `ssh-keygen -l` prints it. Without it nothing is
    /// sent there.
    public var hostKey: String?
    /// Of `s3`.
    public var region = "us-east-1"

    public struct Invalid: Error, Sendable, Hashable, CustomStringConvertible {
        public let description: String
    }

    /// Throws a sentence of what is wrong with the address.
    public init(_ url: String) throws(Invalid) {
        let schemes: [(String, Kind)] = [
            ("sftp://", .sftp), ("ftps://", .ftps), ("ftpes://", .ftps), ("https://", .https),
            ("s3+https://", .s3), ("s3+http://", .s3),
        ]
        guard let found = schemes.first(where: { url.hasPrefix($0.0) }) else {
            throw Invalid(
                description:
                    "An address begins with sftp://, ftps://, ftpes://, https:// or s3+https://.")
        }
        guard url.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
            throw Invalid(description: "An address has only ASCII characters, others as %20.")
        }
        let rest = url.dropFirst(found.0.utf8.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.isEmpty, !authority.contains("@"), !rest.contains("?"),
            !rest.contains("#")
        else {
            throw Invalid(
                description: "An address is scheme://host/folder, without user, query and “#”.")
        }
        let path = rest.dropFirst(authority.utf8.count)
        guard !path.split(separator: "/").contains("..") else {
            throw Invalid(description: "An address holds no “..”.")
        }
        let plain = RemotePlace.decoded(String(path)).utf8
        guard plain.allSatisfy({ $0 >= 32 && $0 != 127 && $0 != 34 && $0 != 92 }) else {
            throw Invalid(description: "An address holds no quotes, “\\” or control characters.")
        }
        kind = found.1
        // libcurl's names: FTP asks for TLS by an option.
        var text =
            switch found.0 {
            case "ftpes://": "ftp://" + rest
            case "s3+https://", "s3+http://": String(url.dropFirst(3))
            default: url
            }
        while text.hasSuffix("/") { text.removeLast() }
        if kind == .s3, path.split(separator: "/").isEmpty {
            throw Invalid(description: "Name the bucket: s3+https://host/bucket.")
        }
        self.url = text
    }

    /// Whether files of that name can be read and written: it cannot lead out of the folder, and
    /// every protocol can say it.
    public static func isName(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && name.utf8.count <= 255
            && name.utf8.allSatisfy { $0 >= 32 && $0 != 127 && $0 != 47 && $0 != 92 && $0 != 34 }
    }

    /// A name below the folder: what cannot lead out of it.
    static func check(_ name: String) throws {
        guard isName(name) else {
            throw CurlError(message: "“\(name)” is no name of a file in one folder")
        }
    }

    /// The address of a file in the folder.
    func url(of name: String) -> String { url + "/" + Percent.encode(name) }
}
