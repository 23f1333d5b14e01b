import JSON

/// What a line of a plan says beyond its kind and code, by the facts that Records gives.
extension Texts {
    func modelPlanDetail(_ operation: JSONValue) -> String {
        let facts = operation["facts"] ?? .null
        let rows = modelRowCount(facts["rows"]?.integer ?? 0)
        switch facts["kind"]?.string {
        case nil: return operation["detail"]?.string ?? ""
        case "columns": return modelColumnCount(facts["count"]?.integer ?? 0)
        case "type": return modelWord(facts["type"]?.string ?? "")
        case "members": return modelChanged(facts)
        case "converted":
            let from = modelWord(facts["from"]?.string ?? "")
            let to = modelWord(facts["to"]?.string ?? "")
            return say(
                "\(from) becomes \(to), \(rows)", "\(from) wird \(to), \(rows)",
                "\(from) se mění na \(to), \(rows)")
        case "rowsGo":
            return say("\(rows) would go", "\(rows) gingen verloren", "zmizí: \(rows)")
        case "valuesGo":
            return say(
                "\(rows) with a value would lose it", "\(rows) mit einem Wert verlören ihn",
                "hodnotu ztratí: \(rows)")
        case "inherited": return say("is inherited now", "ist jetzt geerbt", "je nyní zděděn")
        case "roleMade":
            return say(
                "made where it is missing", "wird angelegt, wo sie fehlt", "vytvoří se, kde chybí")
        case "roleStays":
            return say("the role itself stays", "die Rolle selbst bleibt", "role sama zůstává")
        case "viewOverwritten":
            return say(
                "another program's view of this name would be overwritten",
                "die Sicht eines anderen Programms dieses Namens würde überschrieben",
                "pohled jiného programu tohoto názvu bude přepsán")
        case "viewGoes":
            return say(
                "another program's view of this name would go",
                "die Sicht eines anderen Programms dieses Namens ginge verloren",
                "pohled jiného programu tohoto názvu zmizí")
        default: return modelGrant(facts["item"] ?? .null) ?? operation["detail"]?.string ?? ""
        }
    }

    private func modelRowCount(_ count: Int64) -> String {
        say(
            count, ("record", "records"), ("Datensatz", "Datensätze"),
            ("záznam", "záznamy", "záznamů"))
    }

    private func modelChanged(_ facts: JSONValue) -> String {
        let members = (facts["members"]?.array ?? []).compactMap(\.string).map(modelMember)
        let orders = (facts["orders"]?.array ?? []).compactMap(\.string).map { list in
            let name = ModelPart(rawValue: list).map(modelPart) ?? modelMember(list)
            return say("order: \(name)", "Reihenfolge: \(name)", "pořadí: \(name)")
        }
        return (members + orders).joined(separator: ", ")
    }

    /// What a grant lets its role do; nil where it is none.
    private func modelGrant(_ grant: JSONValue) -> String? {
        guard let operations = grant["operations"]?.array else { return nil }
        let words = operations.compactMap(\.string).map(modelWord).joined(separator: ", ")
        var parts = [words]
        if let rows = grant["rows"]?.object {
            let column = rows["column"]?.string.map { " (\($0))" } ?? ""
            parts.append("\(modelRows): \(modelScope(rows["scope"]?.string ?? ""))\(column)")
        }
        if let columns = grant["columns"]?.array {
            let codes = columns.compactMap(\.string).joined(separator: ", ")
            parts.append("\(modelOnlyColumns): \(codes)")
        }
        return parts.joined(separator: " · ")
    }
}
