import CCurl
import Glibc
import ServiceRuntime
import Synchronization

/// A file in a folder of another machine.
public struct RemoteFile: Sendable, Hashable {
    public var name: String
    /// Nil where the server does not tell.
    public var size: Int64?

    public init(name: String, size: Int64?) {
        self.name = name
        self.size = size
    }
}

/// Lists, reads and writes the files of one folder of another machine. Throws `CurlError`; nothing
/// of a password or key is in it.
public final class RemoteFiles: Sendable {
    /// Of a listing.
    static let listingBytes: Int64 = 16 << 20
    /// Names of one listing.
    public static let nameLimit = 100_000

    let place: RemotePlace
    private let policy: OutgoingPolicy
    private let authorities: String?
    private let clock: any WallClock
    private let thread: ThreadExecutor

    /// `authorities`: a PEM file of certificate authorities instead of the system's.
    public init(
        _ place: RemotePlace, policy: OutgoingPolicy, authorities: String? = nil,
        clock: any WallClock
    ) {
        self.place = place
        self.policy = policy
        self.authorities = authorities
        self.clock = clock
        thread = ThreadExecutor(name: "curl-files")
    }

    deinit { thread.stop() }

    /// The files of the folder, not those below it, by name.
    public func list() async throws -> [RemoteFile] {
        if place.kind == .s3 { return try await listBucket() }
        guard place.kind != .https else {
            throw CurlError(message: "a web server lists no files; name the file")
        }
        let transfer = try transfer(place.url + "/")
        try transfer.receive(limit: RemoteFiles.listingBytes)
        if place.kind == .ftps { try transfer.handle.set(CURLOPT_CUSTOMREQUEST, "MLSD") }
        try await perform(transfer)
        let lines = String(decoding: transfer.bytes, as: UTF8.self).split(
            whereSeparator: \.isNewline)
        let files = lines.compactMap { line in
            place.kind == .ftps ? RemoteListing.mlsd(line) : RemoteListing.long(line)
        }
        return try RemoteFiles.sorted(files)
    }

    static func sorted(_ files: [RemoteFile]) throws -> [RemoteFile] {
        guard files.count <= nameLimit else {
            throw CurlError(kind: .tooLarge, message: "the folder has more than \(nameLimit) files")
        }
        return files.sorted { $0.name < $1.name }
    }

    /// Reads a file into a new one of ours; answers its size.
    public func get(_ name: String, into path: String, limit: Int64) async throws -> Int64 {
        try RemotePlace.check(name)
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        guard file >= 0 else { throw FileError("write", path, errno) }
        defer { close(file) }
        let transfer = try transfer(place.url(of: name))
        try sign(transfer, "GET", name)
        try transfer.receive(into: file, limit: limit)
        try RemoteFiles.expect(try await perform(transfer), of: name)
        guard fsync(file) == 0 else { throw FileError("sync", path, errno) }
        return transfer.received
    }

    /// Writes a file, in place of one that has its name; it is seen when it is whole. Who may write
    /// beside another that has the same name says by `writer` who it is, the same when it writes
    /// again: until then the file is `.<name>.<writer>part`.
    public func put(_ path: String, as name: String, writer: String = "") async throws {
        try RemotePlace.check(name)
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0, let size = Files.status(path)?.size else {
            throw FileError("read", path, errno)
        }
        defer { close(file) }
        // A web server and a bucket take a whole file or none.
        let isAtOnce = place.kind == .https || place.kind == .s3
        let first = isAtOnce ? name : ".\(name).\(writer)part"
        let transfer = try transfer(place.url(of: first))
        try sign(transfer, "PUT", name)
        try transfer.send(from: file, size: size)
        try transfer.receive(limit: RemoteFiles.listingBytes)
        if !isAtOnce { try transfer.setLines(CURLOPT_POSTQUOTE, moving(first, to: name)) }
        try RemoteFiles.expect(try await perform(transfer), of: name)
    }

    /// Gives a file of the folder another name, over one that has it. Not of `https`.
    public func rename(_ name: String, to other: String) async throws {
        try RemotePlace.check(name)
        try RemotePlace.check(other)
        if place.kind == .s3 {
            try await copyInBucket(name, to: other)
            return try await remove(name)
        }
        try await command(moving(name, to: other))
    }

    /// Puts a file into a folder below, which is made where it is not there, over one that has its
    /// name. Not of `https`.
    public func move(_ name: String, into folder: String) async throws {
        try RemotePlace.check(name)
        try RemotePlace.check(folder)
        switch place.kind {
        case .s3:
            try await copyInBucket(name, to: name, in: folder)
            try await removeFromBucket(name)
        case .sftp:
            try await command(["*mkdir \(quoted(folder))"] + moving(name, to: "\(folder)/\(name)"))
        case .ftps, .https:
            try await command(["*MKD \(folder)"] + moving(name, to: "\(folder)/\(name)"))
        }
    }

    /// One that is not there is no error. Not of `https`.
    public func remove(_ name: String) async throws {
        try RemotePlace.check(name)
        switch place.kind {
        case .s3: try await removeFromBucket(name)
        case .sftp: try await command(["*rm \(quoted(name))"])
        case .ftps: try await command(["*DELE \(name)"])
        case .https: throw CurlError(message: "a file of a web server is not removed")
        }
    }

    // MARK: -

    private func command(_ lines: [String]) async throws {
        guard place.kind != .https else {
            throw CurlError(message: "a file of a web server is not renamed")
        }
        let transfer = try transfer(place.url + "/")
        try transfer.handle.set(CURLOPT_NOBODY, 1)
        try transfer.receive(limit: RemoteFiles.listingBytes)
        try transfer.setLines(CURLOPT_POSTQUOTE, lines)
        try await perform(transfer)
    }

    /// A server need not put a file over another. What an asterisk begins may fail.
    private func moving(_ name: String, to other: String) -> [String] {
        place.kind == .sftp
            ? ["*rm \(quoted(other))", "rename \(quoted(name)) \(quoted(other))"]
            : ["*DELE \(other)", "RNFR \(name)", "RNTO \(other)"]
    }

    /// The whole path, as libcurl's commands of SFTP want it.
    private func quoted(_ name: String) -> String {
        let rest = place.url.dropFirst("sftp://".utf8.count).drop { $0 != "/" }
        return "\"\(RemotePlace.decoded(String(rest)))/\(name)\""
    }

    func transfer(_ url: String) throws -> RemoteTransfer {
        try RemoteTransfer(url, place: place, policy: policy, authorities: authorities)
    }

    @discardableResult
    func perform(_ transfer: RemoteTransfer) async throws -> Int {
        try await withTaskCancellationHandler {
            try await self.thread.run { try transfer.perform() }
        } onCancel: {
            transfer.isCancelled.store(true, ordering: .relaxed)
        }
    }

    static func expect(_ status: Int, of name: String) throws {
        guard status >= 300, status < 600 else { return }
        let words =
            switch status {
            case 404: "there is no file \(name)"
            case 401, 403: "the server does not let us at \(name)"
            default: "the server answers \(status) for \(name)"
            }
        // A server that is busy or broken for now is one that does not answer.
        let isAway = status >= 500 || status == 408 || status == 429
        throw CurlError(
            kind: status == 401 || status == 403 ? .login : isAway ? .connection : .other,
            message: words)
    }

    /// `folder`: one below ours that the file is in.
    func sign(
        _ transfer: RemoteTransfer, _ method: String, _ name: String, in folder: String? = nil,
        query: String = "", extra: [(String, String)] = []
    ) throws {
        guard place.kind == .s3 else { return }
        let rest = place.url.drop { $0 != "/" }.dropFirst(2)
        let host = String(rest.prefix { $0 != "/" })
        var path = String(rest.dropFirst(host.utf8.count))
        if let folder { path += "/" + Percent.encode(folder) }
        if !name.isEmpty { path += "/" + Percent.encode(name) }
        if name.isEmpty { path = "/" + (path.split(separator: "/").first.map(String.init) ?? "") }
        let signature = S3Signature(
            key: place.user, secret: place.password, region: place.region)
        let headers = signature.headers(
            method, host: host, path: path, query: query, extra: extra, now: clock.now())
        // Waiting for "100 Continue" costs a second with servers that do not know it.
        try transfer.setLines(
            CURLOPT_HTTPHEADER, headers.map { "\($0.0): \($0.1)" } + ["Expect:"])
    }
}

/// Lines of listings.
enum RemoteListing {
    /// `-rw-r--r--    1 user group 12 Jan  1 12:00 name`, as OpenSSH's server writes it.
    static func long(_ line: Substring) -> RemoteFile? {
        let fields = line.split(separator: " ", maxSplits: 8, omittingEmptySubsequences: true)
        guard fields.count == 9, fields[0].hasPrefix("-") else { return nil }
        return RemoteFile(name: String(fields[8]), size: Int64(fields[4]))
    }

    /// `type=file;size=12;modify=20261122101530; name` (RFC 3659).
    static func mlsd(_ line: Substring) -> RemoteFile? {
        guard let space = line.firstIndex(of: " ") else { return nil }
        let facts = line[..<space].lowercased().split(separator: ";")
        guard facts.contains("type=file") else { return nil }
        let size = facts.first { $0.hasPrefix("size=") }.flatMap { Int64($0.dropFirst(5)) }
        return RemoteFile(name: String(line[line.index(after: space)...]), size: size)
    }
}
