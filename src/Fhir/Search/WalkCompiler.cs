using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Search;

/// <summary>A place of the walk with what is known of the elements that get there.</summary>
/// <param name="Element">The element last stepped to; null for the resource itself.</param>
/// <param name="Types">The types that they can have.</param>
/// <param name="IsSingle">Whether one resource has at most one of them.</param>
internal sealed record WalkPoint(WalkNode Node, ElementSchema? Element, IReadOnlyList<TypeSchema> Types, bool IsSingle)
{
    /// <summary>Whether <see cref="Element"/> stands in something that occurs once, so that its position in the list is its position at all.</summary>
    public bool ParentIsSingle { get; init; }
}

/// <summary>
/// Turns a parsed expression into steps of a walk, sharing the steps that other expressions have taken. Knows the forms that search
/// parameters are written in: paths, unions, casts, <c>extension(url)</c>, <c>[0]</c>, and <c>where</c> with a literal, with
/// <c>resolve() is T</c> or with an extension. Anything else is left to the FHIRPath engine.
/// </summary>
internal static class WalkCompiler
{
    /// <summary>Where an expression leads; null when it has a form that a walk does not know, empty when it leads nowhere.</summary>
    /// <param name="from">What names at the start of a path are relative to.</param>
    /// <param name="resource">What <c>%resource</c> is.</param>
    public static IReadOnlyList<WalkPoint>? Follow(Syntax syntax, WalkPoint from, WalkPoint resource) => syntax switch
    {
        BinarySyntax { Operator: Operator.Union } union => Union(union, from, resource),
        MemberSyntax { Input: null } member when FhirSchema.R4.Type(member.Name) is { IsResource: true } type =>
            from.Types.All(candidate => candidate.Is(type)) ? [from] : [],
        MemberSyntax { Input: null } member => Step(from, member.Name),
        MemberSyntax { Input: { } input } member => Each(input, from, resource, point => Step(point, member.Name)),
        TypeSyntax { IsTest: false } cast => Each(cast.Operand, from, resource, point => Cast(point, cast.Type.Name)),
        CallSyntax { Name: "as" or "ofType", Input: { } input, Arguments: [MemberSyntax type] } =>
            Each(input, from, resource, point => Cast(point, type.Name)),
        CallSyntax { Name: "where", Input: { } input, Arguments: [var condition] } =>
            Each(input, from, resource, point => Where(point, condition)),
        CallSyntax { Name: "extension", Input: { } input, Arguments: [LiteralSyntax { Value.Kind: FhirPathKind.String } url] } =>
            Each(input, from, resource, point => Extension(point, url.Value.String)),
        IndexerSyntax { Index: LiteralSyntax { Value: { Kind: FhirPathKind.Integer, Integer: 0 } } } indexer => First(indexer, from, resource),
        SpecialSyntax { Name: "$this" } => [from],
        VariableSyntax { Name: "resource" } => [resource],
        _ => null,
    };

    private static List<WalkPoint>? Union(BinarySyntax union, WalkPoint from, WalkPoint resource) =>
        Follow(union.Left, from, resource) is { } left && Follow(union.Right, from, resource) is { } right ? [.. left, .. right] : null;

    private static List<WalkPoint>? Each(Syntax input, WalkPoint from, WalkPoint resource, Func<WalkPoint, IReadOnlyList<WalkPoint>?> step)
    {
        if (Follow(input, from, resource) is not { } points)
        {
            return null;
        }

        var reached = new List<WalkPoint>();
        foreach (WalkPoint point in points)
        {
            if (step(point) is not { } next)
            {
                return null;
            }

            reached.AddRange(next);
        }

        return reached;
    }

    private static List<WalkPoint>? Step(WalkPoint point, string name)
    {
        var reached = new List<WalkPoint>();
        foreach (TypeSchema type in point.Types)
        {
            // Each resource type has its own elements: what "id" means is open while the type is.
            if (type is { IsResource: true, IsAbstract: true })
            {
                return null;
            }

            if (type.Element(name) is { } element)
            {
                reached.Add(new WalkPoint(
                    point.Node.Child(element), element, [.. element.Types.Select(candidate => candidate.Type)], point.IsSingle && !element.IsList)
                {
                    ParentIsSingle = point.IsSingle,
                });
            }
        }

        return reached;
    }

    private static IReadOnlyList<WalkPoint>? Cast(WalkPoint point, string name)
    {
        if (TypeOf(name) is not { } type)
        {
            return null;
        }

        if (point.Types.All(candidate => OfTypeFilter.Selects(candidate, type)))
        {
            return [point];
        }

        TypeSchema[] remaining = [.. point.Types.Where(candidate => OfTypeFilter.Selects(candidate, type))];
        if (remaining.Length == 0)
        {
            // Under an abstract type, such as that of a contained resource, anything may stand.
            remaining = point.Types.Any(type.Is) ? [type] : [];
        }

        return remaining.Length == 0 ? [] : [point with { Node = point.Node.Branch(new OfTypeFilter(type)), Types = remaining }];
    }

    /// <summary>R4 has <c>as(DateTime)</c> where it means FHIR's <c>dateTime</c>; the capital letter is no other type.</summary>
    private static TypeSchema? TypeOf(string name) =>
        FhirSchema.R4.Type(name) ?? FhirSchema.R4.Type(char.ToLowerInvariant(name[0]) + name[1..]);

    private static WalkPoint[]? Where(WalkPoint point, Syntax condition)
    {
        switch (condition)
        {
            case BinarySyntax
            {
                Operator: Operator.Equal,
                Left: MemberSyntax { Input: null } member,
                Right: LiteralSyntax { Value.Kind: FhirPathKind.String } literal,
            } when point.Types is [{ } type] && type.Element(member.Name) is { IsList: false } child:
                return Branch(point, new ChildEqualsFilter(child, literal.Value.String));

            case TypeSyntax { IsTest: true, Operand: CallSyntax { Name: "resolve", Arguments: [], Input: null } } test
                when FhirSchema.R4.Type(test.Type.Name) is { IsResource: true } type:
                return Branch(point, new ReferenceToFilter(type));

            case CallSyntax { Name: "hasExtension", Input: null, Arguments: [LiteralSyntax { Value.Kind: FhirPathKind.String } url] }:
                return Branch(point, new HasExtensionFilter(url.Value.String));

            case CallSyntax
            {
                Name: "exists",
                Arguments: [],
                Input: CallSyntax { Name: "extension", Input: null, Arguments: [LiteralSyntax { Value.Kind: FhirPathKind.String } url] },
            }:
                return Branch(point, new HasExtensionFilter(url.Value.String));

            default:
                return null;
        }
    }

    private static List<WalkPoint>? Extension(WalkPoint point, string url) =>
        Step(point, "extension")?.ConvertAll(extension => extension with { Node = extension.Node.Branch(new ExtensionFilter(url)) });

    private static WalkPoint[]? First(IndexerSyntax indexer, WalkPoint from, WalkPoint resource) =>
        indexer.Input is MemberSyntax && Follow(indexer.Input, from, resource) is [{ ParentIsSingle: true, Element: not null } point]
            ? [point with { Node = point.Node.Branch(new FirstFilter()), IsSingle = true }]
            : null;

    private static WalkPoint[] Branch(WalkPoint point, WalkFilter filter) => [point with { Node = point.Node.Branch(filter) }];
}
