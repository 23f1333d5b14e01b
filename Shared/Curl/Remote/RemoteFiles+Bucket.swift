import CCurl
import ServiceRuntime
import XML

/// A bucket has keys, and no folders: those below our prefix up to the next slash are ours.
extension RemoteFiles {
    private static let pageLimit = 1000

    var prefix: String {
        let rest = place.url.drop { $0 != "/" }.dropFirst(2).drop { $0 != "/" }
        let parts = rest.split(separator: "/").dropFirst()
        return parts.isEmpty ? "" : RemotePlace.decoded(parts.joined(separator: "/")) + "/"
    }

    /// `https://host/bucket`.
    var bucketURL: String {
        let parts = place.url.split(separator: "/", omittingEmptySubsequences: false)
        return parts.prefix(4).joined(separator: "/")
    }

    func listBucket() async throws -> [RemoteFile] {
        var files: [RemoteFile] = []
        var next: String?
        for _ in 0..<RemoteFiles.pageLimit {
            // Sorted by name, as the signature wants it.
            var query = next.map { "continuation-token=\(Percent.encode($0))&" } ?? ""
            query += "delimiter=%2F&list-type=2&prefix=\(Percent.encode(prefix))"
            let transfer = try transfer("\(bucketURL)?\(query)")
            try sign(transfer, "GET", "", query: query)
            try transfer.receive(limit: RemoteFiles.listingBytes)
            try RemoteFiles.expect(try await perform(transfer), of: prefix)
            let root: XMLElement
            do {
                root = try XMLElement(parsing: transfer.bytes)
            } catch {
                throw CurlError(message: "the server's list of files is no XML")
            }
            for item in root.children where item.name.local == "Contents" {
                guard let key = item.child("Key")?.text, key.hasPrefix(prefix) else {
                    continue
                }
                let name = String(key.dropFirst(prefix.count))
                guard !name.isEmpty else { continue }
                let size = (item.child("Size")?.text).flatMap { Int64($0) }
                files.append(RemoteFile(name: name, size: size))
            }
            guard files.count <= RemoteFiles.nameLimit else { break }
            next = root.child("NextContinuationToken")?.text
            if next == nil { break }
        }
        return try RemoteFiles.sorted(files)
    }

    func removeFromBucket(_ name: String) async throws {
        let transfer = try transfer(place.url(of: name))
        try transfer.handle.set(CURLOPT_CUSTOMREQUEST, "DELETE")
        try sign(transfer, "DELETE", name)
        try transfer.receive(limit: RemoteFiles.listingBytes)
        try RemoteFiles.expect(try await perform(transfer), of: name)
    }

    func copyInBucket(_ name: String, to other: String, in folder: String? = nil) async throws {
        let below = folder.map { "/" + Percent.encode($0) } ?? ""
        let transfer = try transfer("\(place.url)\(below)/\(Percent.encode(other))")
        try transfer.handle.set(CURLOPT_CUSTOMREQUEST, "PUT")
        let bucket = bucketURL.split(separator: "/").last ?? ""
        let source = (prefix + name).split(separator: "/", omittingEmptySubsequences: false)
            .map { Percent.encode(String($0)) }.joined(separator: "/")
        try sign(
            transfer, "PUT", other, in: folder,
            extra: [("x-amz-copy-source", "/\(bucket)/\(source)")])
        try transfer.receive(limit: RemoteFiles.listingBytes)
        try RemoteFiles.expect(try await perform(transfer), of: name)
    }
}

extension RemotePlace {
    /// Percent codes read.
    static func decoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let code = rest.prefix(2)
            if byte == 37, code.count == 2,
                let value = UInt8(String(decoding: code, as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
