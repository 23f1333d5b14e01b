import Contracts
import Database
import JSON
import RPC

/// Classes as a caller may know them.
extension ModelSnapshot {
    func describe(_ type: FullCode, _ context: CallContext) throws -> ClassDescription {
        let access = try access(type, context)
        let definition = access.recordClass.definition
        let rights = access.rights
        let exporting = self.access(of: access.recordClass, context, purpose: .exporting)
        let columns = definition.columns.enumerated().compactMap { position, column in
            let reaches = [rights.read, rights.insert, rights.change]
            guard reaches.contains(where: { ($0?.columns[position] ?? .nowhere) != .nowhere })
            else {
                return ClassDescription.Column?.none
            }
            var description = column.description(
                isWritable: [rights.insert, rights.change].contains {
                    ($0?.columns[position] ?? .nowhere) != .nowhere
                })
            description.exportable =
                (exporting.rights.read?.columns[position] ?? .nowhere) != .nowhere
            return description
        }
        let visible = Set(columns.map(\.code))
        return ClassDescription(
            type: type, name: definition.name, columns: columns,
            operations: Grant.Operation.allCases.filter { rights.operations.contains($0) }
                .map(\.rawValue),
            prefill: definition.prefill.filter { visible.contains($0) },
            webAccess: definition.webAccess,
            searched: definition.search.contains { visible.contains($0) } ? true : nil,
            referrers: referrers(of: access.recordClass, context))
    }

    /// By which columns that the caller may read records refer to those of a class.
    private func referrers(
        of recordClass: RecordClass, _ context: CallContext
    ) -> [ClassDescription.Referrer]? {
        let found = (referrers[recordClass.table] ?? []).lazy.compactMap { referrer in
            self.referrer(referrer, context)
        }
        let all = Array(found.prefix(ClassDescription.referrerLimit))
        return all.isEmpty ? nil : all
    }

    private func referrer(
        _ referrer: Referrer, _ context: CallContext
    ) -> ClassDescription.Referrer? {
        guard let access = try? access(referrer.type, context),
            let position = access.recordClass.definition.columns.firstIndex(where: {
                $0.code == referrer.column.code
            }), (access.rights.read?.columns[position] ?? .nowhere) != .nowhere
        else { return nil }
        let definition = access.recordClass.definition
        return ClassDescription.Referrer(
            type: referrer.type, name: definition.name, column: referrer.column.code,
            columnName: referrer.column.name,
            isFillable: access.rights.insert != nil
                && definition.prefill.contains(referrer.column.code))
    }

    /// The classes that the caller may read, by code.
    func list(_ context: CallContext) -> ClassList {
        let items = classes.values.compactMap { recordClass -> ClassList.Item? in
            guard let access = try? access(recordClass.type, context), access.rights.read != nil
            else { return nil }
            return ClassList.Item(
                type: recordClass.type, name: recordClass.definition.name,
                modelName: models[recordClass.type.model]?.name)
        }
        let queries = models.values.flatMap { model in
            model.queries.filter { $0.isGranted(to: context.principal) }.map {
                ClassList.Item(
                    type: FullCode(model: model.code, code: $0.code), name: $0.name,
                    modelName: model.name)
            }
        }
        return ClassList(
            items: items.sorted { $0.type.description < $1.type.description },
            queries: queries.isEmpty
                ? nil : queries.sorted { $0.type.description < $1.type.description })
    }
}

extension ColumnDefinition {
    func description(isWritable: Bool) -> ClassDescription.Column {
        ClassDescription.Column(
            code: code, name: name, type: type.rawValue, required: required,
            choices: type == .choice ? choices : nil,
            choiceNames: choiceNames.isEmpty ? nil : choiceNames,
            scale: valueForm == .decimal ? scale : nil,
            max: max, multiline: multiline, target: target, structure: structure,
            writable: isWritable && isGiven, readOnly: readOnly || !isGiven, many: many,
            unique: unique, defaultValue: defaultJSON)
    }

    private var defaultJSON: JSONValue? {
        switch defaultValue {
        case .integer(let value) where type == .decimal:
            .number(JSONNumber(unscaled: value, scale: scale))
        case .integer(let value) where type == .boolean: .boolean(value != 0)
        case .integer(let value): .number(JSONNumber(value))
        case .text(let text) where form == .json: try? JSONValue(parsing: Array(text.utf8))
        case .text(let text): .string(text)
        case .null, .real, .blob: nil
        }
    }
}
