namespace HealthChain.Fhir.FhirPath;

internal sealed partial class Compiler
{
    /// <summary>The functions that are nodes of their own, with the counts of their arguments; the checker knows them too.</summary>
    internal static readonly IReadOnlyDictionary<string, (int Min, int Max)> Forms = new Dictionary<string, (int Min, int Max)>
    {
        ["exists"] = (0, 1),
        ["empty"] = (0, 0),
        ["not"] = (0, 0),
        ["all"] = (1, 1),
        ["where"] = (1, 1),
        ["select"] = (1, 1),
        ["repeat"] = (1, 1),
        ["repeatAll"] = (1, 1),
        ["first"] = (0, 0),
        ["union"] = (1, 1),
        ["iif"] = (2, 3),
        ["aggregate"] = (1, 2),
        ["sort"] = (0, 16),
        ["trace"] = (1, 2),
        ["defineVariable"] = (1, 2),
        ["is"] = (1, 1),
        ["as"] = (1, 1),
        ["ofType"] = (1, 1),
        ["getReferenceKey"] = (0, 1),
    };

    private Node Call(CallSyntax call, ref Scope? scope)
    {
        Function? function = FunctionTable.Find(call.Name);
        (int min, int max) = function is not null ? (function.MinArguments, function.MaxArguments)
            : Forms.TryGetValue(call.Name, out (int Min, int Max) form) ? form
            : throw SyntaxErrors.At(text, call.Position, "the name of a function", $"'{call.Name}', which there is not");
        if (call.Arguments.Count < min || call.Arguments.Count > max)
        {
            string expected = min == max ? $"{min}" : $"{min} to {max}";
            throw SyntaxErrors.At(text, call.Position, $"{expected} arguments for {call.Name}()", $"{call.Arguments.Count}");
        }

        if (function is null)
        {
            return Form(call, ref scope);
        }

        Node input = Input(call, ref scope);
        var arguments = new Node[call.Arguments.Count];
        for (int i = 0; i < arguments.Length; i++)
        {
            arguments[i] = Operand(call.Arguments[i], scope);
        }

        return new FunctionNode(function, input, arguments);
    }

    private Node Form(CallSyntax call, ref Scope? scope)
    {
        if (call.Name == "is")
        {
            return call.Input is null
                ? new IsNode(ThisNode.Instance, TypeArgument(call.Arguments[0]))
                : Is(call.Input, TypeArgument(call.Arguments[0]), ref scope);
        }

        Node input = Input(call, ref scope);
        switch (call.Name)
        {
            case "as":
                return new OfTypeNode(input, TypeArgument(call.Arguments[0]), single: !options.AsFilters);
            case "ofType":
                return new OfTypeNode(input, TypeArgument(call.Arguments[0]), single: false);
            case "getReferenceKey":
                return new ReferenceKeyNode(input, call.Arguments.Count > 0 ? TypeArgument(call.Arguments[0]) : null);
            case "sort":
                return new SortNode(input, SortKeys(call.Arguments, scope));
            case "defineVariable":
                return DefineVariable(call, input, ref scope);
        }

        Node? first = call.Arguments.Count > 0 ? Operand(call.Arguments[0], scope) : null;
        Node? second = call.Arguments.Count > 1 ? Operand(call.Arguments[1], scope) : null;
        return call.Name switch
        {
            "exists" => new ExistsNode(first is null ? input : new WhereNode(input, first), negated: false),
            "empty" => new ExistsNode(input, negated: true),
            "not" => new NotNode(input),
            "all" => new AllNode(input, first!),
            "where" => new WhereNode(input, first!),
            "select" => new SelectNode(input, first!),
            "repeat" => new RepeatNode(input, first!, distinct: true),
            "repeatAll" => new RepeatNode(input, first!, distinct: false),
            "first" => new FirstNode(input),
            "union" => new UnionNode(input, first!),
            "iif" => new IfNode(input, first!, second!, call.Arguments.Count > 2 ? Operand(call.Arguments[2], scope) : null),
            "aggregate" => new AggregateNode(input, first!, second),
            "trace" => new TraceNode(input, first!, second),
            _ => throw new System.Diagnostics.UnreachableException(call.Name),
        };
    }

    /// <summary>The keys of sort(): descending with <c>desc</c> behind or, as in earlier drafts, a minus in front.</summary>
    private SortKey[] SortKeys(IReadOnlyList<Syntax> arguments, Scope? scope)
    {
        if (arguments.Count == 0)
        {
            return [new SortKey(ThisNode.Instance, Descending: false)];
        }

        var keys = new SortKey[arguments.Count];
        for (int i = 0; i < keys.Length; i++)
        {
            keys[i] = arguments[i] switch
            {
                SortKeySyntax key => new SortKey(Operand(key.Key, scope), key.Descending),
                PolaritySyntax { IsNegative: true, Operand: not LiteralSyntax } minus => new SortKey(Operand(minus.Operand, scope), Descending: true),
                Syntax key => new SortKey(Operand(key, scope), Descending: false),
            };
        }

        return keys;
    }

    private DefineVariableNode DefineVariable(CallSyntax call, Node input, ref Scope? scope)
    {
        if (call.Arguments[0] is not LiteralSyntax { Value.Kind: FhirPathKind.String } name)
        {
            throw SyntaxErrors.At(text, call.Arguments[0].Position, "the name of the variable as a string literal", "another expression");
        }

        string variable = name.Value.String;
        for (Scope? outer = scope; outer is not null; outer = outer.Outer)
        {
            if (outer.Name == variable)
            {
                throw SyntaxErrors.At(text, name.Position, "the name of a new variable", $"'{variable}', which is defined already");
            }
        }

        if (variable is "resource" or "rootResource" or "context" || Constants.Find(variable) is not null)
        {
            throw SyntaxErrors.At(text, name.Position, "the name of a new variable", $"'{variable}', which the environment defines");
        }

        Node? value = call.Arguments.Count > 1 ? Operand(call.Arguments[1], scope) : null;
        scope = new Scope(variable, _slots, scope);
        return new DefineVariableNode(input, value, _slots++);
    }
}
