using System.Globalization;
using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Search;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Tests.Searching;

/// <summary>Reads searches as text and shows plans as text, so that tables of cases stay readable.</summary>
internal static class Searches
{
    public const string Base = "http://example.org/fhir";

    private static readonly SearchParameterSet Parameters = new(DefinitionSet.R4);
    private static readonly TerminologyService Terminology = new(DefinitionSet.R4);

    public static SearchLimits Limits { get; } = new();

    /// <summary>Reads <c>Patient?name=a&amp;...</c>, <c>?...</c> for all types or <c>Patient/1/Observation?...</c>; nothing is percent-encoded.</summary>
    public static Result<SearchPlan> Read(string url, SearchHandling handling = SearchHandling.Lenient, SearchLimits? limits = null)
    {
        int mark = url.IndexOf('?', StringComparison.Ordinal);
        string[] path = url[..mark].Split('/', StringSplitOptions.RemoveEmptyEntries);
        string type = path.Length is 1 or 3 ? path[^1] : "*";
        var context = new SearchContext
        {
            Types = type == "*" ? [] : [ResourceTypes.Find(type)!],
            Compartment = path.Length > 1 ? new CompartmentOf(path[0], path[1]) : null,
            Handling = handling,
            ServerBase = Base,
        };
        QueryParameter[] query = [.. url[(mark + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries).Select(Parameter)];
        return Read(context, query, limits);
    }

    public static Result<SearchPlan> Read(SearchContext context, IReadOnlyList<QueryParameter> query, SearchLimits? limits = null) =>
        new SearchReader(Parameters, Terminology, TimeProvider.System, limits ?? Limits).Read(context, query);

    public static string Show(Criterion criterion) => criterion switch
    {
        AllOf { Parts.Count: 0 } => "any",
        AllOf all => "(" + string.Join(" & ", all.Parts.Select(Show)) + ")",
        OneOf one => "(" + string.Join(" | ", one.Parts.Select(Show)) + ")",
        NoneOf none => "!" + Show(none.Part),
        HasValue has => has.Parameter.Code + (has.Modifier == SearchModifier.None ? "" : ":" + has.Modifier) + "=" + string.Join(",", has.Alternatives.Select(Show)),
        PointsAt points => $"{points.Reference.Code}->{(points.Targets.Count > 5 ? points.Targets.Count.ToString(CultureInfo.InvariantCulture) : string.Join("/", points.Targets.Select(type => type.Name)))}[{Show(points.Target)}]",
        PointedAtBy pointed => $"{pointed.Source.Name}.{pointed.Reference.Code}->[{Show(pointed.Condition)}]",
        InCompartment compartment => $"in {compartment.Compartment}/{compartment.Id}",
        HasWords words => (words.InNarrativeOnly ? "text" : "content") + "~" + string.Join("+", words.Words),
        _ => throw new ArgumentException("A criterion of an unknown kind.", nameof(criterion)),
    };

    public static string Show(Include include) =>
        (include.IsReverse ? "rev " : "") + (include.Iterates ? "iterate " : "")
        + $"{include.Source.Name}:{include.Reference?.Code ?? "*"}{(include.Target is null ? "" : ":" + include.Target.Name)}";

    private static QueryParameter Parameter(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? new QueryParameter(text, "") : new QueryParameter(text[..equals], text[(equals + 1)..]);
    }

    private static string Show(QueryValue value) => value switch
    {
        StringQuery text => $"{text.Match}({Text(text.Text)})",
        TokenQuery token => (token.System is { } system ? Text(system) + "|" : "") + (token.Code is { } code ? Text(code) : ""),
        TokenTextQuery text => $"~{Text(text.Text)}",
        TypedIdentifierQuery typed => $"{(typed.System is { } system ? Text(system) : "")}|{Text(typed.Code)}|{Text(typed.Value)}",
        ReferenceQuery reference => $"{(reference.Server.IsEmpty ? "" : Text(reference.Server) + "/")}{reference.Type?.Name}/{Text(reference.Id)}",
        ReferenceIdentifierQuery identifier => "#" + Show(identifier.Identifier),
        UriQuery uri => $"{uri.Match}<{Text(uri.Uri)}>",
        DateQuery date => $"{date.Prefix} {new DateTime(date.Range.Start, DateTimeKind.Utc):yyyy-MM-dd}",
        NumberQuery number => string.Create(CultureInfo.InvariantCulture, $"{number.Prefix} {number.Range.Value}"),
        QuantityQuery quantity => string.Create(CultureInfo.InvariantCulture, $"{quantity.Prefix} {quantity.Range.Value}{(quantity.Code is { } code ? " " + Text(code) : "")}"),
        PositionQuery position => string.Create(CultureInfo.InvariantCulture, $"{position.Latitude}/{position.Longitude}/{position.Metres}"),
        CompositeQuery composite => string.Join("$", composite.Parts.Select(Show)),
        MissingQuery missing => missing.IsMissing ? "missing" : "there",
        _ => throw new ArgumentException("A value of an unknown kind.", nameof(value)),
    };

    private static string Text(ReadOnlyMemory<byte> text) => Encoding.UTF8.GetString(text.Span);
}
