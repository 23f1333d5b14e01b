import ServiceRuntime

/// A script of a model: the body of a function.
struct ScriptDefinition: Sendable {
    /// Another script of the model, whose text stands before.
    struct Block: Sendable, Hashable {
        var code: String
        var source: String
    }

    var model: String
    var code: String
    var source: String
    /// Whether it can be run from outside, and by GET.
    var web = false
    var get = false
    /// Who runs it from outside must hold this.
    var role: String?
    /// The account with whose rights `gt` acts; nil is who caused it.
    var runAs: String?
    var timeout: Duration?
    /// Codes as the definition has them.
    var include: [String] = []
    /// What they lead to, in the order of the text.
    var blocks: [Block] = []

    var owner: ScriptOwner {
        ScriptOwner(model: model, name: code, runAs: runAs, source: wholeSource)
    }

    /// A block ends with its line, so that no comment of it reaches into the next.
    private var wholeSource: String {
        blocks.isEmpty ? source : (blocks.map(\.source) + [source]).joined(separator: "\n")
    }

    /// Whether the text speaks of `gt` or of a record, or is too long to look through each time.
    /// One that does not may still come to them, by `globalThis['g' + 't']`.
    var mayAct: Bool {
        let text = wholeSource
        return text.utf8.count > ScriptDefinition.lookLimit
            || ScriptDefinition.has(["gt", "record"], Array(text.utf8))
    }

    /// Bytes of a text that is looked through.
    private static let lookLimit = 16 << 10

    /// Whether any of these names stands there by itself.
    private static func has(_ names: [StaticString], _ text: [UInt8]) -> Bool {
        var start = 0
        while start < text.count {
            var end = start
            while end < text.count, isName(text[end]) { end += 1 }
            let word = text[start..<end]
            if names.contains(where: { name in
                name.withUTF8Buffer { word.elementsEqual($0) }
            }) {
                return true
            }
            start = end + 1
        }
        return false
    }

    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"):
            true
        default: false
        }
    }

    var unit: ScriptJob.Unit {
        let owner = owner
        var unit = ScriptJob.Unit(name: code, source: owner.source, isScript: true)
        unit.owner = owner
        unit.blocks = blocks.map { block in
            (block.code, block.source.utf8.reduce(1) { $1 == 10 ? $0 + 1 : $0 })
        }
        return unit
    }
}
