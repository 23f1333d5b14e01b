/// A header field as it came: the name in lower case, the value unfolded and still in bytes.
struct HeaderField: Sendable, Hashable {
    var name: String
    var value: [UInt8]
}

/// The header of a message or part, in order.
struct HeaderBlock: Sendable, Hashable {
    var fields: [HeaderField] = []

    /// The first value of a name (given in lower case).
    func first(_ name: String) -> [UInt8]? {
        fields.first { $0.name == name }?.value
    }

    func all(_ name: String) -> [[UInt8]] {
        fields.filter { $0.name == name }.map(\.value)
    }
}
