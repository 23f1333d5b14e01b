import Contracts
import Database
import JSON

extension ClassDefinition {
    /// Reads an element of `classes`, every fault gathered.
    init(reading reader: ObjectReader, model: String, roles: [String]) {
        code = reader.code()
        name = reader.texts("name") ?? [:]
        history = reader.boolean("history", default: true)
        deletion =
            reader.word("deletion", of: ["logical", "physical"], default: "logical")
            .flatMap(DeletionKind.init) ?? .logical
        webAccess = reader.boolean("webAccess", default: false)
        if let parent = reader.value("parent"), !parent.isNull {
            reader.fault("parent", "unsupported", "classes with a parent are not supported yet")
        }
        let columnReaders = reader.list("columns")
        columns = columnReaders.map { ColumnDefinition(reading: $0, model: model) }
        if columns.count > ClassDefinition.columnLimit {
            reader.fault(
                "columns", "too-many", "has more than \(ClassDefinition.columnLimit) columns")
        }
        for (index, column) in columns.enumerated()
        where columns[..<index].contains(where: { $0.code == column.code && !column.code.isEmpty })
        {
            columnReaders[index].fault("code", "repeated", "is the code of an earlier column")
        }
        describe = .standard
        let known = Set(columns.map(\.code))
        let grantReaders = reader.list("grants")
        let ownColumns = columns
        grants = grantReaders.map { Grant(reading: $0, roles: roles, columns: ownColumns) }
        if grants.count > ClassDefinition.grantLimit {
            reader.fault("grants", "too-many", "has more than \(ClassDefinition.grantLimit) grants")
        }
        prefill = reader.strings("prefill")
        for (index, column) in prefill.enumerated() where !known.contains(column) {
            reader.problems.add(
                "\(reader.pointer)/prefill/\(index)", "unknown-column",
                "\(column) is no column of the class")
        }
        indexes = ClassDefinition.readColumnLists(reader, "indexes", columns: columns)
        uniqueSets = ClassDefinition.readColumnLists(reader, "unique", columns: columns)
        if let text = reader.string("describe") {
            do throws(DescribeFormat.DescribeFault) {
                describe = try DescribeFormat(text, columns: columns)
            } catch {
                reader.fault("describe", "wrong-format", error.detail)
            }
        }
        reader.finish()
    }

    /// `"indexes": [["status", "due"]]`, and `unique` alike.
    private static func readColumnLists(
        _ reader: ObjectReader, _ member: String, columns: [ColumnDefinition]
    ) -> [[String]] {
        guard let value = reader.value(member), !value.isNull else { return [] }
        guard let items = value.array, items.count <= indexLimit else {
            reader.fault(
                member, "wrong-type", "must be an array of at most \(indexLimit) column lists")
            return []
        }
        let known = Set(columns.map(\.code))
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
