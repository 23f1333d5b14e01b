/// Writes JSON into bytes; commas come by themselves.
public struct JSONWriter {
    public private(set) var bytes: [UInt8]
    public init(capacity: Int = 256) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }
    public mutating func beginObject() { fatalError("stub") }
    public mutating func endObject() { fatalError("stub") }
    public mutating func beginArray() { fatalError("stub") }
    public mutating func endArray() { fatalError("stub") }
    public mutating func key(_ key: StaticString) { fatalError("stub") }
    public mutating func key(_ key: String) { fatalError("stub") }
    public mutating func string(_ value: String) { fatalError("stub") }
    /// A string whose UTF-8 is at hand (a database row); invalid UTF-8 becomes U+FFFD.
    public mutating func string(utf8: UnsafeBufferPointer<UInt8>) { fatalError("stub") }
    public mutating func integer(_ value: Int64) { fatalError("stub") }
    /// `unscaled / 10^scale` with exactly `scale` decimals.
    public mutating func decimal(unscaled: Int64, scale: Int) { fatalError("stub") }
    public mutating func number(_ value: JSONNumber) { fatalError("stub") }
    /// The shortest text that reads back the same; NaN and infinities become null.
    public mutating func double(_ value: Double) { fatalError("stub") }
    public mutating func boolean(_ value: Bool) { fatalError("stub") }
    public mutating func null() { fatalError("stub") }
    public mutating func value(_ value: JSONValue) { fatalError("stub") }
    /// JSON that is known to be valid.
    public mutating func raw(_ json: JSONBytes) { fatalError("stub") }
}
