import Contracts
import JSON
import ServiceRuntime

/// A structure as Records keeps it: who is a member where, and which unit lies below which, each
/// with the days on which that gives anybody anything.
struct OrgTree {
    /// Levels of a structure. The gateway refuses deeper ones; this keeps a fault there from being
    /// an endless loop here.
    static let depthLimit = 64

    /// Days as they are stored, both inclusive.
    struct Window: Hashable {
        static let always = Window(from: "0000-01-01", until: "9999-12-31")
        var from: String
        var until: String

        /// The days of both; nil where there are none.
        func and(_ other: Window) -> Window? {
            let both = Window(from: max(from, other.from), until: min(until, other.until))
            return both.from <= both.until ? both : nil
        }
    }

    struct Member: Hashable {
        var account: String
        var unit: String
        var window: Window
    }

    /// That `unit` is `ancestor` or lies below it; the window is that of all units between them.
    struct Descent: Hashable {
        var ancestor: String
        var unit: String
        var window: Window
    }

    private(set) var members: [Member] = []
    private(set) var descents: [Descent] = []

    /// Throws `validation` where a unit has no such parent, is there twice, or is its own ancestor.
    init(_ structure: DirectoryStructure) throws {
        var units: [String: (parent: String?, window: Window)] = [:]
        for (index, unit) in structure.units.enumerated() {
            let window = Window(
                from: unit.from ?? Window.always.from, until: unit.until ?? Window.always.until)
            guard units.updateValue((unit.parent, window), forKey: unit.code) == nil else {
                throw OrgTree.fault(index, "code", "repeated", "is the code of an earlier unit")
            }
            guard window.from <= window.until else { continue }
            for account in Set(unit.members) {
                members.append(Member(account: account, unit: unit.code, window: window))
            }
        }
        for (index, unit) in structure.units.enumerated() {
            var above: String? = unit.code
            var window: Window? = .always
            var depth = 0
            while let code = above, let standing = units[code] {
                depth += 1
                guard depth <= OrgTree.depthLimit else {
                    throw OrgTree.fault(
                        index, "parent", "too-deep",
                        "has more than \(OrgTree.depthLimit) units above it, or itself")
                }
                guard let path = window.flatMap({ $0.and(standing.window) }) else { break }
                window = path
                descents.append(Descent(ancestor: code, unit: unit.code, window: path))
                above = standing.parent
            }
            if let parent = unit.parent, units[parent] == nil {
                throw OrgTree.fault(index, "parent", "unknown-unit", "is no unit of the structure")
            }
        }
    }

    private static func fault(
        _ index: Int, _ member: String, _ code: String, _ detail: String
    ) -> RecordsError {
        .validation([FieldProblem(pointer: "/units/\(index)/\(member)", code: code, detail: detail)]
        )
    }
}
