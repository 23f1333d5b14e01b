import CCurl
import Glibc
import ServiceRuntime
import XML

/// A bucket as a store of whole contents, each in a folder below our prefix: only of `s3`.
extension RemoteFiles {
    /// An object as a bucket lists it.
    public struct Object: Sendable {
        public let name: String
        /// By the server's clock; nil where it does not tell.
        public let modified: Timestamp?
    }

    /// Stores a file of ours, in place of an object of that name; it is seen when it is whole.
    public func put(_ path: String, as name: String, in folder: String) async throws {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0, let size = Files.status(path)?.size else {
            throw FileError("read", path, errno)
        }
        defer { close(file) }
        let transfer = try transfer(of: name, in: folder)
        try sign(transfer, "PUT", name, in: folder)
        try transfer.send(from: file, size: size)
        try transfer.receive(limit: RemoteFiles.listingBytes)
        try RemoteFiles.expect(try await perform(transfer), of: name)
    }

    /// The bytes of a range, fewer where the object ends before; nil where there is no such object,
    /// or none of it is in the range.
    public func read(
        _ name: String, in folder: String, _ range: Range<Int64>
    ) async throws -> [UInt8]? {
        let transfer = try transfer(of: name, in: folder)
        try sign(transfer, "GET", name, in: folder)
        try transfer.handle.set(CURLOPT_RANGE, "\(range.lowerBound)-\(range.upperBound - 1)")
        // A server's words about what went wrong may be longer than the range.
        try transfer.receive(limit: max(Int64(range.count), 64 << 10))
        let status = try await perform(transfer)
        if status == 404 || status == 416 { return nil }
        try RemoteFiles.expect(status, of: name)
        return transfer.bytes
    }

    /// Whether there is such an object.
    public func has(_ name: String, in folder: String) async throws -> Bool {
        let transfer = try transfer(of: name, in: folder)
        try transfer.handle.set(CURLOPT_NOBODY, 1)
        try sign(transfer, "HEAD", name, in: folder)
        try transfer.receive(limit: RemoteFiles.listingBytes)
        let status = try await perform(transfer)
        if status == 404 { return false }
        try RemoteFiles.expect(status, of: name)
        return true
    }

    /// One that is not there is no error.
    public func remove(_ name: String, in folder: String) async throws {
        let transfer = try transfer(of: name, in: folder)
        try transfer.handle.set(CURLOPT_CUSTOMREQUEST, "DELETE")
        try sign(transfer, "DELETE", name, in: folder)
        try transfer.receive(limit: RemoteFiles.listingBytes)
        try RemoteFiles.expect(try await perform(transfer), of: name)
    }

    /// The first objects of a folder, by name; as many as one answer has.
    public func objects(in folder: String, limit: Int) async throws -> [Object] {
        let prefix = prefix + folder + "/"
        let query =
            "list-type=2&max-keys=\(limit)&prefix=\(Percent.encode(prefix))"
        let transfer = try transfer("\(bucketURL)?\(query)")
        try sign(transfer, "GET", "", query: query)
        try transfer.receive(limit: RemoteFiles.listingBytes)
        try RemoteFiles.expect(try await perform(transfer), of: prefix)
        guard let root = try? XMLElement(parsing: transfer.bytes) else {
            throw CurlError(message: "the server's list of objects is no XML")
        }
        return root.children.filter { $0.name.local == "Contents" }.compactMap { item in
            guard let key = item.child("Key")?.text, key.hasPrefix(prefix) else { return nil }
            return Object(
                name: String(key.dropFirst(prefix.count)),
                modified: (item.child("LastModified")?.text).flatMap { Timestamp($0) })
        }
    }

    private func transfer(of name: String, in folder: String) throws -> RemoteTransfer {
        try RemotePlace.check(name)
        try RemotePlace.check(folder)
        return try transfer(
            "\(place.url)/\(Percent.encode(folder))/\(Percent.encode(name))")
    }
}
