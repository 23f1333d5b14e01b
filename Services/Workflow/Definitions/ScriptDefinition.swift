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
