import Contracts
import Database
import HTTP
import JSON
import RPC

/// What a call wants to do to one record.
enum Intent: Sendable {
    case insert(JSONValue)
    /// Changes the record that has the key, or inserts; without a key it always inserts.
    case upsert(JSONValue, BulkWriter.UpsertKey?)
    case change(Int64, version: Int64?, JSONValue, by: Grant.Operation = .change)
    case delete(Int64, version: Int64?, by: Grant.Operation = .delete)
    case restore(Int64, version: Int64?, to: Int64?)
}

/// What a call wants to do to each of its records. It is worked out anew, by a writer that only
/// reads, each time that the rules before the save are asked.
struct Intents: Sendable {
    /// The caller wants no rules to run.
    var isWithoutRules = false
    /// Files that come with the call.
    var files: [FileEntry] = []
    var items: @Sendable (RecordWriter) throws -> [Intent]

    init(rules: Bool? = nil, _ items: @escaping @Sendable (RecordWriter) throws -> [Intent]) {
        isWithoutRules = rules == false
        self.items = items
    }
}

/// What the rules before a save said of each item of a call. They are asked before the
/// transaction, so that a ruling counts only for the record as it stood then.
struct Rulings: Sendable {
    struct Ruling: Sendable {
        var subject: RuleSubject
        var result: BeforeRulesRun.Result
    }

    var byItem: [Int: Ruling] = [:]
    /// Of the definitions by which they were asked.
    var generation: Int64 = -1
    /// No further attempt follows: what does not fit is a conflict.
    var isLast = false
    /// No rules are to run at all.
    var isWithoutRules = false
}

/// One record that is about to be written, as rules see it.
struct RuleSubject: Sendable {
    /// Its own class.
    var type: FullCode
    var moment: RuleMoment
    /// Nil of a new record.
    var id: Int64?
    /// As which it stood.
    var version: Int64?
    var record: JSONBytes
    var previous: JSONBytes
}

/// The rules must be asked (again): the record or the definitions are not those that they saw.
struct StaleRuling: Error {}

extension RecordWriter {
    /// The columns that rules set, none where the class has no such rules; throws their refusal.
    func ruling(
        _ moment: RuleMoment, item: Int, id: Int64? = nil, version: Int64? = nil
    ) throws -> JSONObject? {
        guard !rulings.isWithoutRules,
            !snapshot.ruleModels(for: access.recordClass.type, moment).isEmpty
        else { return nil }
        guard let ruling = rulings.byItem[item], ruling.subject.moment == moment,
            ruling.subject.id == id, ruling.subject.version == version,
            rulings.generation == snapshot.generation
        else {
            guard rulings.isLast else { throw StaleRuling() }
            throw RecordsError.conflict(
                "The record changed again and again while its rules ran; try again.")
        }
        switch ruling.result {
        case .set(let columns): return columns
        case .refused(let problem): throw problem
        }
    }

    /// What rules are asked about; nil where there are none for it, and where the write itself
    /// will say what is wrong.
    func subject(of intent: Intent) throws -> RuleSubject? {
        do {
            switch intent {
            case .insert(let body): return try insertion(body)
            case .upsert(let body, let key):
                guard let key, let id = try standing(body, by: key) else {
                    return try insertion(body)
                }
                return try concrete(id).alteration(id, version: nil, key.rest(of: body))
            case .change(let id, let version, let body, let operation):
                return try concrete(id).alteration(id, version: version, body, by: operation)
            case .delete(let id, let version, let operation):
                return try concrete(id).deletion(id, version: version, by: operation)
            case .restore(let id, let version, let wanted):
                let own = try concrete(id)
                guard own.hasRules(.changing) else { return nil }
                let (row, draft, undeletes) = try own.restoration(
                    id, version: version, to: wanted)
                return try own.alteration(id, row, draft, isAsked: undeletes)
            }
        } catch is any ProblemConvertible {
            return nil
        }
    }

    /// A writer of the record's own class, where that is one below this: by whatever route a record
    /// comes, its own rules and columns count.
    func concrete(_ id: Int64) throws -> RecordWriter {
        guard access.recordClass.hasClassColumn else { return self }
        let code = try connection.first(
            "SELECT class FROM \(access.recordClass.table) WHERE id = ?", [.integer(id)]
        ) { $0.text(0) }
        guard let type = code.flatMap(FullCode.init), type != access.recordClass.type,
            snapshot.lineage(of: type).contains(access.recordClass.type),
            let own = snapshot.classes[type]
        else { return self }
        var writer = self
        writer.access = snapshot.access(of: own, context)
        return writer
    }

    private func hasRules(_ moment: RuleMoment) -> Bool {
        !snapshot.ruleModels(for: access.recordClass.type, moment).isEmpty
    }

    private func insertion(_ body: JSONValue) throws -> RuleSubject? {
        guard hasRules(.inserting) else { return nil }
        let draft = try insertDraft(body, at: "")
        guard draft.isClean else { return nil }
        let preview = RecordPreview(access.recordClass, snapshot)
        let record = try preview.new(
            draft.values, account: context.principal.account, now: now, connection)
        return RuleSubject(
            type: access.recordClass.type, moment: .inserting, record: record,
            previous: JSONBytes(Array("null".utf8)))
    }

    private func alteration(
        _ id: Int64, version: Int64?, _ body: JSONValue, by operation: Grant.Operation = .change
    ) throws -> RuleSubject? {
        guard hasRules(.changing) else { return nil }
        let (row, draft) = try changeDraft(id, version: version, body, at: "", by: operation)
        return try alteration(id, row, draft)
    }

    /// `isAsked`: even where no column differs.
    private func alteration(
        _ id: Int64, _ row: Standing, _ draft: RecordDraft, isAsked: Bool = false
    ) throws -> RuleSubject? {
        guard draft.isClean, isAsked || !draft.differing(from: row.values).isEmpty else {
            return nil
        }
        let preview = RecordPreview(access.recordClass, snapshot)
        let values = row.values.enumerated().map { draft.values[$0.offset] ?? $0.element }
        guard let record = try preview.changed(id, values, connection),
            let previous = try preview.standing(id, connection)
        else { return nil }
        return RuleSubject(
            type: access.recordClass.type, moment: .changing, id: id, version: row.version,
            record: record, previous: previous)
    }

    private func deletion(
        _ id: Int64, version: Int64?, by operation: Grant.Operation
    ) throws -> RuleSubject? {
        guard hasRules(.deleting) else { return nil }
        let row = try deletable(id, version: version, by: operation)
        let preview = RecordPreview(access.recordClass, snapshot)
        guard let record = try preview.standing(id, connection) else { return nil }
        return RuleSubject(
            type: access.recordClass.type, moment: .deleting, id: id, version: row.version,
            record: record, previous: record)
    }
}
