import Curl
import HTTP
import ServiceRuntime
import Synchronization

/// Where a bucket of contents is, and how to log in there.
public struct FileBucketConfiguration: Sendable {
    var place: RemotePlace
    /// A PEM file of certificate authorities instead of the system's.
    var authorities: String?

    /// Reads `RECORDS_FILES` and what belongs to it; nil where contents lie in the data folder.
    init?(reading reader: ConfigurationReader) {
        let url = reader.optionalString(
            "RECORDS_FILES",
            help: "bucket that holds the bytes of files, s3+https://host/bucket/prefix; without it"
                + " they lie in GEARTRAIN_DATA")
        let user = reader.optionalString("RECORDS_FILES_KEY", help: "access key of the bucket")
        let password = reader.optionalString(
            "RECORDS_FILES_SECRET", help: "secret key of the bucket", secret: true)
        let region = reader.string(
            "RECORDS_FILES_REGION", default: "us-east-1", help: "region of the bucket")
        authorities = reader.optionalString(
            "RECORDS_FILES_CA_FILE",
            help: "PEM file of certificate authorities for the bucket instead of the system's")
        guard let url else { return nil }
        do {
            place = try RemotePlace(url)
        } catch {
            reader.problem("RECORDS_FILES: \(error)")
            return nil
        }
        if place.kind != .s3 {
            reader.problem("RECORDS_FILES must begin with s3+https:// (or s3+http://)")
        }
        if user == nil || password == nil {
            reader.problem("RECORDS_FILES needs RECORDS_FILES_KEY and RECORDS_FILES_SECRET")
        }
        (place.user, place.password, place.region) = (user ?? "", password ?? "", region)
    }

    init(_ place: RemotePlace) { self.place = place }
}

/// A bucket of an S3 API that holds contents: each once, by its SHA-256, in a folder of its first
/// two digits. All copies of the service share it. Throws 503 where it cannot be reached.
final class FileBucket: Sendable {
    /// Bytes that one request reads.
    static let pieceBytes: Int64 = 4 << 20
    /// Requests at a time; each has a thread.
    static let concurrency = 8
    /// Objects that one look at a folder sees.
    static let listLimit = 1000

    private let lanes: [RemoteFiles]
    private let turn = Atomic<Int>(0)
    private let log: Log

    init(_ configuration: FileBucketConfiguration, runtime: Runtime) {
        // The operator names it, wherever it stands.
        let everywhere = ["0.0.0.0/0", "::/0"].compactMap { NetworkRange($0) }
        lanes = (0..<FileBucket.concurrency).map { _ in
            RemoteFiles(
                configuration.place, policy: OutgoingPolicy(opened: everywhere),
                authorities: configuration.authorities, clock: runtime.clock)
        }
        log = runtime.log
    }

    /// Stores what a file of ours holds.
    func put(_ path: String, _ sha256: String) async throws {
        try await asking { try await $0.put(path, as: sha256, in: FileBucket.folder(sha256)) }
    }

    /// Bytes of a content; nil where it is not there.
    func read(_ sha256: String, _ range: Range<Int64>) async throws -> [UInt8]? {
        try await asking { try await $0.read(sha256, in: FileBucket.folder(sha256), range) }
    }

    func has(_ sha256: String) async throws -> Bool {
        try await asking { try await $0.has(sha256, in: FileBucket.folder(sha256)) }
    }

    func remove(_ sha256: String) async throws {
        try await asking { try await $0.remove(sha256, in: FileBucket.folder(sha256)) }
    }

    /// The contents of a folder that have lain there since before `moment`.
    func contents(of folder: String, before moment: Timestamp) async throws -> [String] {
        try await asking { try await $0.objects(in: folder, limit: FileBucket.listLimit) }
            .filter { FileEntry.isHash($0.name) && ($0.modified.map { $0 < moment } ?? false) }
            .map(\.name)
    }

    private static func folder(_ sha256: String) -> String { String(sha256.prefix(2)) }

    /// Every request may be made twice: one that was lost on its way is.
    private func asking<T: Sendable>(
        _ body: (RemoteFiles) async throws -> T
    ) async throws -> T {
        do {
            do {
                return try await body(lane)
            } catch let error as CurlError where error.kind == .connection {
                return try await body(lane)
            }
        } catch let error as CurlError {
            log.warning("the bucket of files failed", ["error": .string("\(error)")])
            throw Problem.unavailable(
                "The store of files does not answer. Nothing was changed.", retryAfter: 5)
        }
    }

    private var lane: RemoteFiles {
        let number = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return lanes[Int(UInt(bitPattern: number) % UInt(lanes.count))]
    }
}
