#if PostgreSQL
    /// What a statement is made of, from the text of its tree in the catalog. Whatever a name in it
    /// is, blanks and braces of it are escaped there, so that it is never taken for a node.
    struct PostgresNodes {
        private(set) var functions: Set<Int64> = []
        private(set) var operators: Set<Int64> = []
        private(set) var types: Set<Int64> = []
        private var relations: Set<Int64> = []
        private var kinds: Set<String> = []
        private var commands: Set<Int64> = []
        private var valueFunctions: Set<Int64> = []
        private var hasStrayArray = false
        /// Locks rows, or changes them on the way.
        private var hasEffects = false
        private var isUnreadable = false

        init(_ tree: String) {
            let tokens = PostgresNodes.tokens(tree)
            var open: [String] = []
            for (place, token) in tokens.enumerated() {
                switch token {
                case "{":
                    let kind = place + 1 < tokens.count ? tokens[place + 1] : ""
                    kinds.insert(kind)
                    // Texts of arrays of arrays grow with each.
                    if kind.hasPrefix("ARRAYEXPR") || kind == "ARRAY",
                        open.last != "SCALARARRAYOPEXPR"
                    {
                        hasStrayArray = true
                    }
                    open.append(kind)
                case "}": open.removeLast(open.isEmpty ? 0 : 1)
                case ":hasForUpdate", ":hasModifyingCTE":
                    if place + 1 >= tokens.count || tokens[place + 1] != "false" {
                        hasEffects = true
                    }
                case _ where token.hasPrefix(":"):
                    take(token, PostgresNodes.numbers(after: place, of: tokens), in: open.last)
                default: break
                }
            }
            isUnreadable = isUnreadable || !open.isEmpty || kinds.isEmpty
        }

        private mutating func take(_ field: String, _ numbers: [Int64]?, in node: String?) {
            let isType = PostgresNodes.typeFields.contains(field)
            let isFunction = PostgresNodes.functionFields.contains(field)
            let isOperator = PostgresNodes.operatorFields.contains(field)
            let isOther = field == ":relid" || field == ":commandType"
            guard isType || isFunction || isOperator || isOther || field == ":op" else { return }
            guard let numbers else {
                isUnreadable = true
                return
            }
            let known = Set(numbers.filter { $0 != 0 })
            if isType { types.formUnion(known) }
            if isFunction { functions.formUnion(known) }
            if isOperator { operators.formUnion(known) }
            if field == ":relid" { relations.formUnion(known) }
            if field == ":commandType" { commands.formUnion(numbers) }
            if field == ":op", node == "SQLVALUEFUNCTION" { valueFunctions.formUnion(numbers) }
        }

        /// Why it is none of those that may be run, as far as it says itself. `view` is the sample.
        func fault(view: Int64) -> String? {
            if isUnreadable { return "it cannot be looked at" }
            if !relations.subtracting([view]).isEmpty {
                return "it reads more than the views of classes"
            }
            if commands != [1] || hasEffects { return "it does more than read" }
            if let kind = kinds.subtracting(PostgresNodes.kinds).sorted().first {
                return "\(kind.lowercased()) is not for queries"
            }
            if hasStrayArray { return "arrays are for comparisons only" }
            if !valueFunctions.isSubset(of: PostgresNodes.moments) {
                return "it asks about the session"
            }
            return nil
        }

        /// Of SQL's functions without parentheses, CURRENT_DATE to LOCALTIMESTAMP.
        private static let moments: Set<Int64> = Set(0...8)

        private static let functionFields: Set<String> = [
            ":funcid", ":aggfnoid", ":winfnoid", ":startInRangeFunc", ":endInRangeFunc",
            ":tsmhandler",
        ]
        private static let operatorFields: Set<String> = [
            ":opno", ":opnos", ":eqop", ":sortop", ":cycle_mark_neop",
        ]
        private static let typeFields: Set<String> = [
            ":vartype", ":consttype", ":paramtype", ":aggtype", ":wintype", ":opresulttype",
            ":resulttype", ":casetype", ":typeId", ":array_typeid", ":element_typeid",
            ":coalescetype", ":minmaxtype", ":row_typeid", ":refcontainertype", ":refelemtype",
            ":refrestype", ":type", ":coltypes", ":ctecoltypes", ":funccoltypes", ":aggargtypes",
            ":cycle_mark_type",
        ]
        private static let kinds: Set<String> = [
            "QUERY", "RANGETBLENTRY", "RTE", "RTEPERMISSIONINFO", "ALIAS", "TARGETENTRY",
            "FROMEXPR",
            "JOINEXPR", "RANGETBLREF", "COMMONTABLEEXPR", "SETOPERATIONSTMT", "SORTGROUPCLAUSE",
            "GROUPINGSET", "GROUPINGFUNC", "WINDOWCLAUSE", "RANGETBLFUNCTION", "VAR", "CONST",
            "AGGREF", "WINDOWFUNC", "FUNCEXPR", "NAMEDARGEXPR", "OPEXPR", "DISTINCTEXPR",
            "NULLIFEXPR", "SCALARARRAYOPEXPR", "BOOLEXPR", "SUBLINK", "PARAM", "RELABELTYPE",
            "COERCEVIAIO", "ARRAYCOERCEEXPR", "COLLATEEXPR", "CASE", "CASEEXPR", "CASEWHEN", "WHEN",
            "CASETESTEXPR", "ARRAY", "ARRAYEXPR", "ROWCOMPARE", "ROWCOMPAREEXPR", "COALESCE",
            "COALESCEEXPR", "MINMAX", "MINMAXEXPR", "SQLVALUEFUNCTION", "NULLTEST", "BOOLEANTEST",
        ]

        /// The number after a field, or the list of them; nil where none is.
        private static func numbers(after place: Int, of tokens: [String]) -> [Int64]? {
            guard place + 1 < tokens.count else { return nil }
            if let number = Int64(tokens[place + 1]) { return [number] }
            guard tokens[place + 1] != "<>" else { return [] }
            guard tokens[place + 1] == "(", place + 2 < tokens.count, tokens[place + 2] == "o"
            else { return nil }
            let list = tokens[(place + 3)...].prefix { $0 != ")" }.map { Int64($0) }
            return list.contains(nil) ? nil : list.compactMap { $0 }
        }

        /// Words between blanks; parentheses and braces are words. What a backslash is before is
        /// part of a word.
        private static func tokens(_ tree: String) -> [String] {
            var result: [String] = []
            var word: [UInt8] = []
            var isEscaped = false
            func end() {
                if !word.isEmpty { result.append(String(decoding: word, as: UTF8.self)) }
                word = []
            }
            for byte in tree.utf8 {
                if isEscaped {
                    isEscaped = false
                    word += [UInt8(ascii: "\\"), byte]
                    continue
                }
                switch byte {
                case UInt8(ascii: "\\"): isEscaped = true
                case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\t"): end()
                case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "("), UInt8(ascii: ")"):
                    end()
                    result.append(String(Unicode.Scalar(byte)))
                default: word.append(byte)
                }
            }
            end()
            return result
        }
    }
#endif
