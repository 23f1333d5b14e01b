import Contracts
import JSON
import RPC

/// A model as it was applied last.
struct AppliedModel: Sendable {
    var code: String
    var version: Int64
    var name: [String: String]
    /// As it was put.
    var document: JSONBytes
    var queries: [QueryDefinition]
    var beforeRules: Set<ModelDefinition.BeforeRule> = []
}

/// Every model and class at one moment. It is replaced as a whole when a model is applied.
final class ModelSnapshot: Sendable {
    /// Goes up with each applied model; the writer compares it, so that nothing is written by an
    /// old definition.
    let generation: Int64
    let models: [String: AppliedModel]
    let classes: [FullCode: RecordClass]
    let classesByNumber: [Int64: RecordClass]
    /// By the table that is referred to.
    let referrers: [String: [Referrer]]
    /// The documents, with their versions, that have rules before a save of a class.
    private let ruleModels: [ModelDefinition.BeforeRule: [String: Int64]]
    /// Classes whose records such a rule may meet: its own class, those below and those above.
    private let ruledClasses: Set<FullCode>

    static let empty = ModelSnapshot(generation: -1, models: [:], classes: [])

    init(generation: Int64, models: [String: AppliedModel], classes: [RecordClass]) {
        self.generation = generation
        self.models = models
        self.classes = Dictionary(
            classes.map { ($0.type, $0) }, uniquingKeysWith: { a, _ in a })
        classesByNumber = Dictionary(
            classes.map { ($0.number, $0) }, uniquingKeysWith: { a, _ in a })
        referrers = Referrer.byTable(self.classes)
        var ruleModels: [ModelDefinition.BeforeRule: [String: Int64]] = [:]
        for model in models.values {
            for rule in model.beforeRules {
                ruleModels[rule, default: [:]][model.code] = model.version
            }
        }
        self.ruleModels = ruleModels
        let known = self.classes
        let rules = Set(ruleModels.keys.filter { $0.moment != .opening }.map(\.type))
        ruledClasses = Set(
            known.keys.filter { type in
                rules.contains { rule in
                    ModelSnapshot.lineage(of: type, in: known).contains(rule)
                        || ModelSnapshot.lineage(of: rule, in: known).contains(type)
                }
            })
    }

    /// The class itself and those that it inherits from, nearest first: rules of any of them run.
    func lineage(of type: FullCode) -> [FullCode] {
        ModelSnapshot.lineage(of: type, in: classes)
    }

    private static func lineage(
        of type: FullCode, in classes: [FullCode: RecordClass]
    ) -> [FullCode] {
        var line = [type]
        while let parent = classes[line[line.count - 1]]?.definition.parent {
            line.append(FullCode(model: type.model, code: parent))
        }
        return line
    }

    /// The documents whose rules run at a moment, with their versions; mostly none.
    func ruleModels(for type: FullCode, _ moment: RuleMoment) -> [String: Int64] {
        guard !ruleModels.isEmpty else { return [:] }
        return lineage(of: type).reduce(into: [:]) { models, type in
            let rule = ModelDefinition.BeforeRule(type: type, moment: moment)
            models.merge(ruleModels[rule] ?? [:]) { first, _ in first }
        }
    }

    /// Whether any rule may run before a save of this class or of one below it.
    func hasBeforeRules(_ type: FullCode) -> Bool { ruledClasses.contains(type) }

    /// The class for this caller; `notFound` where it does not exist, is closed to the door, or
    /// grants nothing.
    func access(
        _ type: FullCode, _ context: CallContext, purpose: ClassRights.Purpose? = nil
    ) throws(RecordsError) -> ClassAccess {
        guard let recordClass = classes[type],
            recordClass.isOpen(to: context.door, isSystem: context.principal.isSystem)
        else { throw .notFound }
        let access = self.access(of: recordClass, context, purpose: purpose)
        guard !access.rights.operations.isEmpty else { throw .notFound }
        return access
    }

    /// The same of a class that is known to be open.
    func access(
        of recordClass: RecordClass, _ context: CallContext, purpose: ClassRights.Purpose? = nil
    ) -> ClassAccess {
        access(
            of: recordClass, for: context.principal, through: context.door,
            purpose: purpose ?? (context.door.isImporting ? .importing : nil))
    }

    func access(
        of recordClass: RecordClass, for principal: Principal, through door: Door,
        purpose: ClassRights.Purpose? = nil
    ) -> ClassAccess {
        recordClass.access(for: principal, isOutside: door.isOutside, purpose: purpose) { type in
            // Not what is kept with that class: it may be this one.
            self.target(type, principal, door) {
                ClassRights(
                    $0.definition, roles: principal.roles(in: type.model),
                    isSystem: principal.isSystem)
            }
        }
    }

    /// The class of a reference and what may be read of it through the caller's door.
    func targets(for context: CallContext) -> (FullCode) -> (RecordClass, RowRights)? {
        let (principal, door) = (context.principal, context.door)
        return { type in
            self.target(type, principal, door) {
                self.access(of: $0, for: principal, through: door).rights
            }
        }
    }

    private func target(
        _ type: FullCode, _ principal: Principal, _ door: Door,
        _ rights: (RecordClass) -> ClassRights
    ) -> (RecordClass, RowRights)? {
        guard let recordClass = classes[type],
            recordClass.isOpen(to: door, isSystem: principal.isSystem),
            let read = rights(recordClass).read
        else { return nil }
        return (recordClass, read)
    }
}

extension RecordClass {
    /// Doors through which people and other programs come from outside lead only to classes with
    /// `webAccess`.
    func isOpen(to door: Door, isSystem: Bool) -> Bool {
        definition.webAccess || isSystem || !door.isOutside
    }
}

extension Door {
    /// Writes through it come from a file or another database, and need the grant for that.
    var isImporting: Bool { self == .import || self == .sync }

    /// People and other programs come through it from outside.
    var isOutside: Bool {
        switch self {
        case .page, .api, .call, .soap: true
        case .mail, .rule, .script, .workflow, .job, .import, .sync, .database, .system: false
        }
    }
}
