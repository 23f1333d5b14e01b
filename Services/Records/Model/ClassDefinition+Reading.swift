import Contracts
import Database
import JSON

extension ClassDefinition {
    /// Reads an element of `classes`, every fault gathered. What the parent has comes before its
    /// own.
    init(
        reading reader: ObjectReader, model: String, roles: [String],
        parent inherited: ClassDefinition?
    ) {
        code = reader.code()
        name = reader.texts("name") ?? [:]
        parent = reader.string("parent")
        inheritedCount = inherited?.columns.count ?? 0
        columns = inherited?.columns ?? []
        describe = inherited?.describe ?? .standard
        grants = inherited?.grants ?? []
        prefill = inherited?.prefill ?? []
        indexes = []
        uniqueSets = []
        search = inherited?.search ?? []
        readSwitches(reader, inherited)
        readColumns(reader, model: model)
        let known = Set(columns.map(\.code))
        let grantReaders = reader.list("grants")
        let ownColumns = columns
        grants += grantReaders.map { Grant(reading: $0, roles: roles, columns: ownColumns) }
        if grants.count > ClassDefinition.grantLimit {
            reader.fault("grants", "too-many", "has more than \(ClassDefinition.grantLimit) grants")
        }
        for (index, column) in reader.strings("prefill").enumerated() {
            guard known.contains(column) else {
                reader.problems.add(
                    "\(reader.pointer)/prefill/\(index)", "unknown-column",
                    "\(column) is no column of the class")
                continue
            }
            if !prefill.contains(column) { prefill.append(column) }
        }
        indexes = ClassDefinition.readColumnLists(
            reader, "indexes", columns: columns, further: ClassDefinition.indexable)
        uniqueSets = ClassDefinition.readColumnLists(reader, "unique", columns: columns)
        let own = Set(columns.dropFirst(inheritedCount).map(\.code))
        for (index, set) in uniqueSets.enumerated()
        where inherited != nil && own.isDisjoint(with: set) {
            reader.problems.add(
                "\(reader.pointer)/unique/\(index)", "contradiction",
                "has inherited columns only; define it where they are")
        }
        uniqueSets = (inherited?.uniqueSets ?? []) + uniqueSets
        readSearch(reader)
        if let text = reader.string("describe") {
            do throws(DescribeFormat.Fault) {
                describe = try DescribeFormat(text, columns: columns)
            } catch {
                reader.fault("describe", "wrong-format", error.detail)
            }
        }
        reader.finish()
    }

    /// `history` and `deletion` are of the table, and so of the whole family; a class is at least
    /// as open as its parent, whose list shows it.
    private mutating func readSwitches(_ reader: ObjectReader, _ inherited: ClassDefinition?) {
        history = reader.boolean("history", default: inherited?.history ?? true)
        deletion =
            reader.word(
                "deletion", of: ["logical", "physical"],
                default: (inherited?.deletion ?? .logical).rawValue
            ).flatMap(DeletionKind.init) ?? .logical
        webAccess = reader.boolean("webAccess", default: inherited?.webAccess ?? false)
        isShared = reader.boolean("shared", default: false)
        if isShared, deletion == .physical {
            reader.fault(
                "shared", "contradiction",
                "goes with logical deletion only: other models' references would lead nowhere")
        }
        guard let inherited else { return }
        for (member, differs) in [
            ("history", history != inherited.history),
            ("deletion", deletion != inherited.deletion),
            ("webAccess", inherited.webAccess && !webAccess),
        ] where differs {
            reader.fault(
                member, "contradiction",
                "is another than that of \(inherited.code), which it inherits from")
        }
    }

    /// `"search": ["subject", "body"]`: columns that hold text.
    private mutating func readSearch(_ reader: ObjectReader) {
        for (index, code) in reader.strings("search").enumerated() {
            let pointer = "\(reader.pointer)/search/\(index)"
            guard let column = column(code) else {
                reader.problems.add(
                    pointer, "unknown-column", "\(code) is no column of the class")
                continue
            }
            if column.type != .text, column.type != .choice {
                reader.problems.add(
                    pointer, "not-searchable", "\(code) is neither a text nor a choice")
            } else if search.contains(code) {
                reader.problems.add(pointer, "repeated", "is there already")
            } else {
                search.append(code)
            }
        }
    }

    private mutating func readColumns(_ reader: ObjectReader, model: String) {
        let readers = reader.list("columns")
        for column in readers {
            let definition = ColumnDefinition(reading: column, model: model)
            if let place = index(of: definition.code), !definition.code.isEmpty {
                let whose =
                    place < inheritedCount ? "a column of \(parent ?? "")" : "an earlier column"
                column.fault("code", "repeated", "is the code of \(whose)")
            }
            columns.append(definition)
        }
        ColumnDefinition.compile(
            &columns, from: inheritedCount, pointers: readers.map(\.pointer), reader.problems)
        if columns.count > ClassDefinition.columnLimit {
            reader.fault(
                "columns", "too-many", "has more than \(ClassDefinition.columnLimit) columns")
        }
    }

    /// What the platform keeps of a record and an index may be over.
    private static let indexable = ["created", "creator", "modified", "modifier"]

    /// `"indexes": [["status", "due"]]`, and `unique` alike.
    private static func readColumnLists(
        _ reader: ObjectReader, _ member: String, columns: [ColumnDefinition],
        further: [String] = []
    ) -> [[String]] {
        guard let value = reader.value(member), !value.isNull else { return [] }
        guard let items = value.array, items.count <= indexLimit else {
            reader.fault(
                member, "wrong-type", "must be an array of at most \(indexLimit) column lists")
            return []
        }
        let known = Set(columns.map(\.code) + further)
        let lists = Set(columns.filter { $0.form == .json }.map(\.code))
        var result: [[String]] = []
        for (position, item) in items.enumerated() {
            let codes = (item.array ?? []).map { $0.string ?? "" }
            let isGood =
                (1...8).contains(codes.count) && Set(codes).count == codes.count
                && codes.allSatisfy { known.contains($0) }
            if !isGood {
                reader.problems.add(
                    "\(reader.pointer)/\(member)/\(position)", "unknown-column",
                    "must be one to eight different column codes of the class")
            } else if codes.contains(where: { lists.contains($0) }) {
                reader.problems.add(
                    "\(reader.pointer)/\(member)/\(position)", "unsupported",
                    "must not name columns of many values, JSON or files")
            } else if result.contains(codes) {
                reader.problems.add(
                    "\(reader.pointer)/\(member)/\(position)", "repeated", "is there already")
            } else {
                result.append(codes)
            }
        }
        return result
    }
}
