using System.Collections.Immutable;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.FhirPath;

/// <summary>What a static check found.</summary>
/// <param name="Issues">Errors are certain to be mistakes; warnings point out what goes wrong with some data.</param>
/// <param name="ResultTypes">The names of the types that the result can have; null when nothing can be said.</param>
public sealed record FhirPathCheck(IReadOnlyList<Issue> Issues, IReadOnlyList<string>? ResultTypes)
{
    public bool IsOk => !Issues.Any(issue => issue.IsError);
}

/// <summary>
/// Checks an expression against the types of R4 without data: members that a type does not have, operands and inputs of types
/// that an operator or function never takes, functions of order on collections that have none.
/// </summary>
public sealed partial class FhirPathChecker
{
    // repeat() looks at its projection several times, and repetitions nest.
    private const int MaxSteps = 20_000;

    private readonly List<Issue> _issues = [];
    private readonly string _text;
    private readonly StaticType _start;
    private readonly StaticType _resource;
    private int _steps;

    private FhirPathChecker(string text, StaticType start, StaticType resource)
    {
        _text = text;
        _start = start;
        _resource = resource;
    }

    /// <summary>Checks an expression that is evaluated on items of a type.</summary>
    /// <param name="expression">The expression.</param>
    /// <param name="focus">The type it is evaluated on; null when that is not known.</param>
    /// <param name="resource">The type of <c>%resource</c>; null for that of the focus.</param>
    public static FhirPathCheck Check(FhirPathExpression expression, TypeSchema? focus, TypeSchema? resource = null) =>
        Check(expression, focus is null ? [] : new[] { focus }, resource);

    /// <summary>
    /// Checks an expression that is evaluated on items of several types, as that of a search parameter with several bases: what
    /// fits one of them is no mistake. No type at all means that they are not known.
    /// </summary>
    public static FhirPathCheck Check(FhirPathExpression expression, IReadOnlyCollection<TypeSchema> focus, TypeSchema? resource = null)
    {
        ArgumentNullException.ThrowIfNull(expression);
        StaticType start = focus.Count == 0
            ? StaticType.Unknown
            : new StaticType([.. focus.Select(static type => new ItemType(type, FhirPathKind.None))]);
        StaticType owner = resource is not null ? StaticType.Of(resource)
            : focus.Count > 0 && focus.All(static type => type.IsResource) ? start
            : StaticType.Of(FhirTypes.Resource);
        var checker = new FhirPathChecker(expression.Text, start, owner);
        StaticType result = checker.Infer(expression.Syntax, start);
        return new FhirPathCheck(checker._issues, result.IsUnknown ? null : [.. result.Types.Select(static type => type.ToString())]);
    }

    /// <summary>The type of an expression whose <c>$this</c> is <paramref name="focus"/>; reports what is wrong on the way.</summary>
    private StaticType Infer(Syntax syntax, StaticType focus) => ++_steps > MaxSteps ? StaticType.Unknown : syntax switch
    {
        LiteralSyntax literal => StaticType.Of(literal.Value.Kind),
        EmptySyntax => StaticType.Empty,
        SpecialSyntax special => special.Name switch
        {
            "$this" => focus,
            "$index" => StaticType.Of(FhirPathKind.Integer),
            _ => StaticType.Unknown,
        },
        VariableSyntax variable => Variable(variable.Name),
        MemberSyntax { Input: null } member => Start(member, focus),
        MemberSyntax member => Member(member, Infer(member.Input, focus)),
        IndexerSyntax indexer => Indexer(indexer, focus),
        PolaritySyntax polarity => Polarity(polarity, focus),
        TypeSyntax { IsTest: true } type => Is(Infer(type.Operand, focus), TypeTest.Find(type.Type), type.Position),
        TypeSyntax type => As(Infer(type.Operand, focus), TypeTest.Find(type.Type), type.Position, single: true),
        BinarySyntax binary => Binary(binary, Infer(binary.Left, focus), Infer(binary.Right, focus)),
        CallSyntax call => Call(call, focus),
        SortKeySyntax key => Infer(key.Key, focus),
        _ => StaticType.Unknown,
    };

    private StaticType Variable(string name) => name switch
    {
        "resource" => _resource,
        // The container of a contained resource can be of any type.
        "rootResource" => StaticType.Of(FhirTypes.Resource),
        "context" => _start,
        _ => Constants.Find(name) is not null ? StaticType.Of(FhirPathKind.String) : StaticType.Unknown,
    };

    /// <summary>A name at the start of a path: the type of the focus itself, or one of its members.</summary>
    private StaticType Start(MemberSyntax member, StaticType focus)
    {
        TypeSchema? type = char.IsAsciiLetterUpper(member.Name[0]) ? FhirSchema.R4.Type(member.Name) : null;
        if (type is null)
        {
            return Member(member, focus);
        }

        if (focus.IsUnknown || focus.Types.Any(candidate => candidate.Fhir is { } own && (own.Is(type) || type.Is(own))))
        {
            return StaticType.Of(type).Many(focus.IsMany);
        }

        Error(member.Position, $"the path starts with {member.Name}, but it is evaluated on {focus}");
        return StaticType.Unknown;
    }

    private StaticType Member(MemberSyntax member, StaticType input)
    {
        if (input.IsUnknown || input.IsEmpty)
        {
            return input;
        }

        var found = ImmutableArray.CreateBuilder<ItemType>();
        bool many = input.IsMany;
        foreach (ItemType type in input.Types)
        {
            foreach (TypeSchema candidate in type.Fhir is null ? [] : Candidates(type.Fhir))
            {
                if (candidate.Element(member.Name) is { } element)
                {
                    many |= element.IsList;
                    found.AddRange(element.Types.Select(static choice => new ItemType(choice.Type, FhirPathKind.None)));
                }
            }

            if (SystemMember(type, member.Name) is { } kind)
            {
                found.Add(new ItemType(null, kind));
            }
        }

        if (found.Count == 0)
        {
            Error(member.Position, $"{input} has no element '{member.Name}'{Suggestion(input, member.Name)}");
            return StaticType.Unknown;
        }

        return new StaticType([.. found.Distinct()], IsMany: many, IsUnordered: input.IsUnordered);
    }

    /// <summary>The type itself, or for an abstract one all that it can stand for.</summary>
    private static IEnumerable<TypeSchema> Candidates(TypeSchema type) =>
        type.IsAbstract ? FhirSchema.R4.Types.Where(candidate => candidate.Is(type)) : [type];

    private static FhirPathKind? SystemMember(ItemType type, string name) => (type.System, name) switch
    {
        (FhirPathKind.TypeInfo, "name" or "namespace") => FhirPathKind.String,
        (FhirPathKind.Quantity, "value") => FhirPathKind.Decimal,
        (FhirPathKind.Quantity, "unit") => FhirPathKind.String,
        _ => type.Fhir is { IsPrimitive: true } primitive && name == "value" ? FhirTypes.SystemKind(primitive) : null,
    };

    /// <summary>Choices are the usual trap: the JSON name <c>valueQuantity</c> is no FHIRPath name.</summary>
    private static string Suggestion(StaticType input, string name)
    {
        foreach (ItemType type in input.Types)
        {
            if (type.Fhir is not null && type.Fhir.TryGetMember(System.Text.Encoding.UTF8.GetBytes(name), out Member member))
            {
                return $"; write '{member.Element.Name}' or '{member.Element.Name}.ofType({member.Type.Name})'";
            }
        }

        return "";
    }

    private StaticType Indexer(IndexerSyntax indexer, StaticType focus)
    {
        StaticType input = Infer(indexer.Input, focus);
        StaticType index = Infer(indexer.Index, focus);
        if (!index.MayBe(FhirPathKind.Integer))
        {
            Error(indexer.Position, $"an index must be an Integer, found {index}");
        }

        return Ordered(input, "[index]", indexer.Position).Item();
    }

    private StaticType Polarity(PolaritySyntax polarity, StaticType focus)
    {
        StaticType operand = Infer(polarity.Operand, focus);
        if (!operand.MayBe(FhirPathKind.Integer, FhirPathKind.Long, FhirPathKind.Decimal, FhirPathKind.Quantity))
        {
            Error(polarity.Position, $"a sign belongs to a number, found {operand}");
        }

        return Single(operand, "the operand of a sign", polarity.Position).Item();
    }

    private StaticType Is(StaticType operand, TypeTest? test, int position)
    {
        Single(operand, "the left side of 'is'", position);
        Possible(operand, test, position);
        return StaticType.Of(FhirPathKind.Boolean);
    }

    private StaticType As(StaticType operand, TypeTest? test, int position, bool single)
    {
        if (single)
        {
            Single(operand, "the left side of 'as'", position);
        }

        if (test is null || operand.IsEmpty)
        {
            return StaticType.Unknown;
        }

        Possible(operand, test, position);

        StaticType wanted = test.Fhir is not null ? StaticType.Of(test.Fhir) : StaticType.Empty;
        bool mayBeSystem = test.Fhir is null || operand.IsUnknown || operand.Types.Any(type => type.System == test.System);
        if (test.System != FhirPathKind.None && mayBeSystem)
        {
            wanted = wanted.Or(StaticType.Of(test.System));
        }

        return wanted with { IsMany = operand.IsMany, IsUnordered = operand.IsUnordered };
    }

    private void Possible(StaticType operand, TypeTest? test, int position)
    {
        if (test is not null && !operand.IsUnknown && !operand.IsEmpty && !operand.Types.Any(type => test.CanBe(type)))
        {
            Warn(position, $"{operand} is never of that type");
        }
    }

    private StaticType Ordered(StaticType input, string what, int position)
    {
        if (input.IsUnordered)
        {
            Error(position, $"{what} needs an order, but children() and descendants() have none");
        }

        return input;
    }

    private StaticType Single(StaticType input, string what, int position)
    {
        if (input.IsMany && !input.IsUnknown)
        {
            Warn(position, $"{what} must be a single item, and {input} can occur several times here");
        }

        return input;
    }

    private void Error(int position, string message) => _issues.Add(Issue.Error(IssueType.Invalid, Message(position, message)));

    private void Warn(int position, string message) => _issues.Add(Issue.Warning(IssueType.Invalid, Message(position, message)));

    private string Message(int position, string message) => $"FHIRPath, at character {position + 1} of \"{_text}\": {message}.";
}
