import Contracts
import JSON
import ServiceRuntime

/// Reads the scripts of a model document, and puts shared blocks before those that include them.
struct ScriptReader {
    /// Blocks that one script has before its own text, all together.
    static let blockLimit = 50
    /// Bytes of a script with its blocks.
    static let sourceLimit = 1 << 20
    /// The longest `timeout`.
    static let timeoutLimit = Duration.seconds(60)

    let model: ModelReader

    init(_ model: ModelReader) { self.model = model }

    func read(_ items: [ObjectReader]) -> [String: ScriptDefinition] {
        var scripts: [String: ScriptDefinition] = [:]
        var readers: [(ObjectReader, ScriptDefinition)] = []
        for item in items {
            let script = self.script(item)
            scripts[script.code] = script
            readers.append((item, script))
        }
        for (item, script) in readers where !script.include.isEmpty {
            do throws(Fault) {
                let blocks = try ScriptReader.blocks(of: script, in: scripts)
                scripts[script.code]?.blocks = blocks
                if let whole = scripts[script.code] {
                    model.addScript(whole.unit.source, at: item.path("include"))
                }
            } catch {
                item.fault("include", error.code, error.detail)
            }
        }
        return scripts
    }

    struct Fault: Error {
        var code: String
        var detail: String
    }

    private func script(_ item: ObjectReader) -> ScriptDefinition {
        let script = ScriptDefinition(
            model: model.model, code: item.code(),
            source: item.string("source", required: true) ?? "",
            web: item.boolean("web", default: false), get: item.boolean("get", default: false),
            role: model.role(item), runAs: account(item), timeout: timeout(item),
            include: include(item))
        if script.source.utf8.count > ScriptReader.sourceLimit {
            item.fault("source", "too-long", "At most \(ScriptReader.sourceLimit >> 10) KiB.")
        }
        model.addScript(script.source, at: item.path("source"))
        // For people who read the model.
        _ = item.texts("name")
        item.finish()
        return script
    }

    /// Whether there is such an account only the time of a run can tell: accounts are of the
    /// instance, and models move between instances.
    private func account(_ item: ObjectReader) -> String? {
        guard let account = item.string("runAs") else { return nil }
        if !FullCode.isCode(account) {
            item.fault("runAs", "invalid-code", "“\(account)” is no code of an account.")
        }
        return account
    }

    private func timeout(_ item: ObjectReader) -> Duration? {
        guard let timeout = model.positive(item, "timeout") else { return nil }
        if timeout > ScriptReader.timeoutLimit {
            let most = ScriptReader.timeoutLimit.milliseconds / 1000
            item.fault("timeout", "out-of-range", "A script runs at most \(most) s.")
        }
        return timeout
    }

    private func include(_ item: ObjectReader) -> [String] {
        guard let value = item.given("include") else { return [] }
        let codes = value.array?.compactMap(\.string) ?? []
        guard let count = value.array?.count, codes.count == count else {
            item.fault("include", "wrong-type", "This is an array of codes of scripts.")
            return []
        }
        return codes
    }

    // MARK: Blocks

    /// Those that a script includes, each once, with those that they include before them.
    static func blocks(
        of script: ScriptDefinition, in scripts: [String: ScriptDefinition]
    ) throws(Fault) -> [ScriptDefinition.Block] {
        var blocks: [ScriptDefinition.Block] = []
        var path = [script.code]
        try add(script.include, &blocks, &path, scripts)
        let size = blocks.reduce(script.source.utf8.count) { $0 + $1.source.utf8.count }
        guard size <= ScriptReader.sourceLimit else {
            throw Fault(
                code: "too-long",
                detail: "With its blocks a script has at most \(ScriptReader.sourceLimit >> 10)"
                    + " KiB.")
        }
        return blocks
    }

    private static func add(
        _ codes: [String], _ blocks: inout [ScriptDefinition.Block], _ path: inout [String],
        _ scripts: [String: ScriptDefinition]
    ) throws(Fault) {
        for code in codes where !blocks.contains(where: { $0.code == code }) {
            guard let block = scripts[code] else {
                throw Fault(
                    code: "unknown-reference",
                    detail: "The model has no “\(code)” among its scripts.")
            }
            guard !path.contains(code) else {
                let way = (path + [code]).joined(separator: " → ")
                throw Fault(code: "cycle", detail: "A script cannot include itself: \(way).")
            }
            path.append(code)
            try add(block.include, &blocks, &path, scripts)
            path.removeLast()
            guard blocks.count < ScriptReader.blockLimit else {
                throw Fault(
                    code: "too-many",
                    detail: "A script has at most \(ScriptReader.blockLimit) blocks.")
            }
            blocks.append(ScriptDefinition.Block(code: code, source: block.source))
        }
    }
}
