import Glibc
import JSON
import ServiceRuntime
import Testing

/// Another seed each run unless `GEARTRAIN_TEST_SEED` names one; shown with every failure.
private let seed: UInt64 =
    getenv("GEARTRAIN_TEST_SEED").flatMap { UInt64(String(cString: $0)) }
    ?? UInt64(SystemRandom().fraction() * 1e15)

/// A tree of any shape.
private func anyValue(_ random: SeededRandom, depth: Int) -> JSONValue {
    switch random.below(depth > 0 ? 8 : 5) {
    case 0: return .null
    case 1: return .boolean(random.below(2) == 0)
    case 2: return .number(JSONNumber(unscaled: Int64(bitPattern: random.next()), scale: 3))
    case 3, 4: return .string(anyText(random))
    case 5: return .array((0..<random.below(5)).map { _ in anyValue(random, depth: depth - 1) })
    default:
        let members = (0..<random.below(24)).map { _ in
            (anyText(random), anyValue(random, depth: depth - 2))
        }
        return .object(JSONObject(members))
    }
}

private func anyText(_ random: SeededRandom) -> String {
    var text = ""
    for _ in 0..<random.below(20) {
        let limit = [0x20, 0x80, 0x80, 0x800, 0x11_0000][random.below(5)]
        if let scalar = Unicode.Scalar(UInt32(random.below(limit))) {
            text.unicodeScalars.append(scalar)
        }
    }
    return text
}

/// Both ways of reading must say the same.
private func check(_ bytes: [UInt8]) {
    var tree: JSONValue?
    var treeError: JSONError?
    do throws(JSONError) { tree = try JSONValue(parsing: bytes) } catch { treeError = error }
    var reader = JSONReader(bytes)
    var readerError: JSONError?
    do throws(JSONError) {
        try reader.skip()
        try reader.finish()
    } catch { readerError = error }
    #expect(treeError == readerError, "seed \(seed): \(bytes)")
    guard let tree else { return }
    let back = try? JSONValue(parsing: tree.bytes)
    #expect(back == tree, "seed \(seed): \(bytes)")
}

@Test func `any tree survives writing and reading`() throws {
    let random = SeededRandom(seed: seed)
    for _ in 0..<400 {
        let value = anyValue(random, depth: 6)
        let back = try JSONValue(parsing: value.bytes)
        #expect(back == value, "seed \(seed)")
        #expect(back.bytes == value.bytes, "seed \(seed)")
        #expect(back.hashValue == value.hashValue, "seed \(seed)")
    }
}

@Test func `mutated documents are read or refused, and both readers agree`() {
    let random = SeededRandom(seed: seed &+ 1)
    let interesting =
        Array("{}[]\",:\\u0eE+-.tfn \n\u{0}dD8".utf8) + [0x80, 0xC3, 0xED, 0xF4, 0xFF]
    for _ in 0..<4000 {
        var bytes = anyValue(random, depth: 4).bytes
        for _ in 0..<(1 + random.below(3)) where !bytes.isEmpty {
            let place = random.below(bytes.count)
            switch random.below(4) {
            case 0: bytes[place] = interesting[random.below(interesting.count)]
            case 1: bytes.insert(interesting[random.below(interesting.count)], at: place)
            case 2: bytes.remove(at: place)
            default: bytes.removeLast(random.below(bytes.count - place + 1))
            }
        }
        check(bytes)
    }
}

@Test func `random bytes never crash a reader`() {
    let random = SeededRandom(seed: seed &+ 2)
    let alphabet = Array("[]{}\",:\\u12345678eE.-truefalsn \n".utf8)
    for _ in 0..<3000 {
        check(random.bytes(random.below(40)))
        check((0..<random.below(40)).map { _ in alphabet[random.below(alphabet.count)] })
    }
}

@Test func `every cut of a document is refused`() {
    let text = Array(#"{"key":[1.5e3,"a\u00e9\ud83d\ude00é",{"x":null,"y":false}],"z":true}"#.utf8)
    for end in 0..<text.count {
        #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text[..<end])) }
        check(Array(text[..<end]))
    }
}
