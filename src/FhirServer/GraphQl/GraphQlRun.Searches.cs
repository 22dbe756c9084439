using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using HealthChain.Fhir;
using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.FhirServer.Operations;
using HealthChain.FhirServer.Responses;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.GraphQl;

/// <summary>A field that searches: <c>ConditionList</c> or <c>ConditionConnection</c>.</summary>
internal readonly record struct ResourceSearch(TypeSchema Type, bool IsConnection)
{
    public static ResourceSearch? Find(string name)
    {
        bool isConnection = name.EndsWith("Connection", StringComparison.Ordinal);
        string suffix = isConnection ? "Connection" : "List";
        return name.EndsWith(suffix, StringComparison.Ordinal) && ResourceTypes.Find(name.AsSpan(0, name.Length - suffix.Length)) is { } type
            ? new ResourceSearch(type, isConnection)
            : null;
    }
}

/// <content>Searches: https://hl7.org/fhir/R4/graphql.html#searching</content>
internal sealed partial class GraphQlRun
{
    private static readonly string[] NotSupported = ["_include", "_revinclude", "_contained", "_containedType", "_summary", "_elements", "_format", "_pretty"];

    /// <summary>The fields at the root of a request to the system.</summary>
    public async ValueTask<OutputObject> OfSystemAsync(IReadOnlyList<Selection> selections, CancellationToken cancellationToken)
    {
        var output = new OutputObject();
        var place = new Place(selections, "", false, 1);
        foreach (Field field in Collect(selections, null))
        {
            Count();
            if (Introspect(output, field, "Query"))
            {
                continue;
            }

            if (field.Name == "__typename")
            {
                output.Add(field.Key, OutputValue.Of(NodeJson.Of("Query")), false, false, null);
            }
            else if (ResourceSearch.Find(field.Name) is { } search)
            {
                await SearchAsync(output, field, search, default, place, cancellationToken);
            }
            else if (ResourceTypes.Find(field.Name) is { } type)
            {
                await ReadOneAsync(output, field, type, place, cancellationToken);
            }
            else
            {
                throw Lexer.Fault(field.Location, $"there is no query '{SearchPath.Shown(field.Name)}'; there are those of resource types, such as Patient, PatientList and PatientConnection");
            }
        }

        return output;
    }

    private async ValueTask ReadOneAsync(OutputObject output, Field field, TypeSchema type, Place place, CancellationToken cancellationToken)
    {
        if (field.Arguments is not [{ Name: "id" or "_id" } argument] || _variables.Text(argument) is not { } id)
        {
            throw Lexer.Fault(field.Location, $"'{field.Name}' takes one argument, 'id'; {field.Name}List searches");
        }

        Element resource = await ReadAsync(new ResourceKey(type.Name, id), cancellationToken);
        if (!resource.Exists)
        {
            throw new FhirException(FhirError.NotFound($"There is no such {type.Name}."));
        }

        RequireSelections(field);
        if (field.Has("flatten"))
        {
            await SelectAsync(output, resource, place.Into(field, "", false), cancellationToken);
            return;
        }

        output.Add(field.Key, OutputValue.Of(await NestedAsync(field, resource, place, cancellationToken)), false, field.Has("singleton"), type);
    }

    /// <param name="focus">The resource that the matches must refer to; does not exist at the root.</param>
    private async ValueTask SearchAsync(OutputObject output, Field field, ResourceSearch search, Element focus, Place place, CancellationToken cancellationToken)
    {
        RequireSelections(field);
        if (++_searches > _limits.MaxSearches)
        {
            throw TooCostly($"would need more than {_limits.MaxSearches} searches");
        }

        SearchArguments arguments = ReadArguments(field, search, focus);
        var context = new SearchContext
        {
            Types = [search.Type],
            Handling = SearchHandling.Strict,
            ServerBase = _request.BaseUrl,
            Terminology = (await _service.Terminology.ForAsync(_request.Requester.Scope, arguments.Query, cancellationToken)).Value,
        };
        SearchRequest plan = _service.Searches.Read(context, arguments.Query).Value.Request;
        plan = plan with { After = arguments.After, CountTotal = search.IsConnection };
        if (!search.IsConnection && !arguments.Query.Any(parameter => parameter.Name == "_count"))
        {
            plan = plan with { Count = _limits.MaxListed };
        }

        SearchPage page = (await _service.Store.SearchAsync(_request.Requester.Scope, plan, cancellationToken)).Value;
        if (!search.IsConnection && page.Next is not null && plan.Count == _limits.MaxListed)
        {
            // "They SHALL return an error ... (rather than silently filtering the list)."
            throw TooCostly($"would list more than {_limits.MaxListed} resources under '{field.Key}', which a connection gives page by page");
        }

        var matches = new List<Element>(page.Matches.Count);
        foreach (StoredVersion match in page.Matches)
        {
            Element resource = FhirJson.Read(match.Json).Root;
            if (arguments.Filter is not { } filter || Holds(filter, resource))
            {
                matches.Add(resource);
                _disclosed.Add(match);
            }
        }

        if (search.IsConnection)
        {
            await WriteConnectionAsync(output, field, search, arguments, plan, page, matches, place, cancellationToken);
        }
        else
        {
            await WriteListAsync(output, field, matches, place, cancellationToken);
        }
    }

    /// <param name="Query">As a search over HTTP would have it.</param>
    /// <param name="Position">Where the page begins and those before it; null for the first.</param>
    private sealed record SearchArguments(IReadOnlyList<QueryParameter> Query, FhirPathExpression? Filter, string? FilterText, PagePosition? Position)
    {
        public SearchPosition? After => Position is null or { Start: < 0 } ? null : new SearchPosition(Position.Start, Position.Newest);
    }

    private SearchArguments ReadArguments(Field field, ResourceSearch search, Element focus)
    {
        var query = new List<QueryParameter>();
        string? filter = null;
        string? reference = null;
        foreach (Argument argument in field.Arguments)
        {
            IReadOnlyList<string> texts = _variables.Texts(argument);
            switch (argument.Name)
            {
                case "_cursor" or "cursor" when search.IsConnection && !focus.Exists && field.Arguments.Count == 1:
                    return OpenCursor(search, _variables.Text(argument) ?? "");
                case "_cursor" or "cursor":
                    throw Lexer.Fault(field.Location, "a cursor stands alone, at the root of a query, and only with a connection");
                case "fhirpath":
                    filter = _variables.Text(argument);
                    break;
                case "_reference" when focus.Exists:
                    reference = _variables.Text(argument);
                    break;
                case "id" when !focus.Exists:
                    query.Add(new QueryParameter("_id", Joined(texts)));
                    break;
                case var name when NotSupported.Contains(name) || name == "_reference":
                    throw Lexer.Fault(field.Location, $"'{name}' is not supported here");
                default:
                    // An argument without a value is not there, as a variable that was left out makes it.
                    if (texts.Count > 0)
                    {
                        query.Add(new QueryParameter(ParameterName(search.Type, argument.Name), Joined(texts)));
                    }

                    break;
            }
        }

        if (focus.Exists)
        {
            if (reference is null)
            {
                throw Lexer.Fault(field.Location, $"'{field.Name}' within a resource needs '_reference': the search parameter by which a {search.Type.Name} points here");
            }

            query.Add(new QueryParameter(ParameterName(search.Type, reference), $"{focus.Type.Name}/{focus.Child("id").Text}"));
        }

        return new SearchArguments(query, filter is null ? null : Compile(field, filter), filter, null);
    }

    /// <summary>GraphQL has no hyphens in names: <c>clinical_status</c> stands for <c>clinical-status</c>.</summary>
    private string ParameterName(TypeSchema type, string argument) =>
        argument.StartsWith('_') || _service.Parameters.Find(type, argument) is not null ? argument : argument.Replace('_', '-');

    /// <summary>Values in an array are alternatives; a comma within one is a part of it.</summary>
    private static string Joined(IReadOnlyList<string> texts) => string.Join(',', texts.Select(text => text.Replace(",", "\\,", StringComparison.Ordinal)));

    private async ValueTask WriteListAsync(OutputObject output, Field field, List<Element> matches, Place place, CancellationToken cancellationToken)
    {
        if (field.Has("first"))
        {
            matches = [.. matches.Take(1)];
        }

        if (!field.Has("flatten") && !field.Has("slice") && !field.Has("singleton"))
        {
            output.AddList(field.Key + place.Suffix);
        }

        for (int i = 0; i < matches.Count; i++)
        {
            string suffix = place.Suffix + SliceOf(field, matches[i], i);
            if (field.Has("flatten"))
            {
                await SelectAsync(output, matches[i], place.Into(field, suffix, isList: true), cancellationToken);
            }
            else
            {
                output.Add(field.Key + suffix, OutputValue.Of(await NestedAsync(field, matches[i], place, cancellationToken)), true, field.Has("singleton"), matches[i].Type);
            }
        }
    }

    private async ValueTask WriteConnectionAsync(
        OutputObject output, Field field, ResourceSearch search, SearchArguments arguments, SearchRequest plan, SearchPage page, List<Element> matches, Place place, CancellationToken cancellationToken)
    {
        var connection = new OutputObject();
        int pagesBefore = arguments.Position?.Starts.Count(start => start >= 0) ?? 0;
        foreach (Field part in Collect(field.Selections, null))
        {
            Count();
            byte[]? value = part.Name switch
            {
                "count" when page.Total is { } total => Encoding.UTF8.GetBytes($"{total}"),
                "offset" when arguments.Position?.IsCut != true => Encoding.UTF8.GetBytes($"{pagesBefore * plan.Count}"),
                "pagesize" or "pageSize" => Encoding.UTF8.GetBytes($"{plan.Count}"),
                "first" => NodeJson.Of(SealCursor(search, arguments, new PagePosition(0, [-1]))),
                "previous" when arguments.Position is { } position && pagesBefore > 0 => NodeJson.Of(SealCursor(search, arguments, position.Previous ?? new PagePosition(0, [-1]))),
                "next" when page.Next is { } next => NodeJson.Of(SealCursor(search, arguments, PagePosition.Next(pagesBefore > 0 ? arguments.Position : null, next.Newest, next.Last))),
                "__typename" => NodeJson.Of(field.Name),
                "count" or "offset" or "previous" or "next" or "last" or "edges" => null,
                _ => throw Lexer.Fault(part.Location, $"a connection has no field '{SearchPath.Shown(part.Name)}'; there are count, offset, pagesize, edges, first, previous, next and last"),
            };
            if (part.Name == "edges")
            {
                await WriteEdgesAsync(connection, part, matches, place, cancellationToken);
            }
            else if (value is { } json)
            {
                connection.Add(part.Key, OutputValue.Of(json), false, false, null);
            }
        }

        output.Add(field.Key + place.Suffix, OutputValue.Of(connection), place.IsList, field.Has("singleton"), null);
    }

    private async ValueTask WriteEdgesAsync(OutputObject connection, Field edges, List<Element> matches, Place place, CancellationToken cancellationToken)
    {
        RequireSelections(edges);
        connection.AddList(edges.Key);
        foreach (Element match in matches)
        {
            var edge = new OutputObject();
            foreach (Field part in Collect(edges.Selections, null))
            {
                Count();
                switch (part.Name)
                {
                    case "mode":
                        edge.Add(part.Key, OutputValue.Of("\"match\""u8.ToArray()), false, false, null);
                        break;
                    case "__typename":
                        edge.Add(part.Key, OutputValue.Of(NodeJson.Of(match.Type.Name + "Edge")), false, false, null);
                        break;
                    case "score":
                        // A match of a search is one wholly; there is nothing to score.
                        break;
                    case "resource":
                        RequireSelections(part);
                        edge.Add(part.Key, OutputValue.Of(await NestedAsync(part, match, place with { Depth = place.Depth + 2 }, cancellationToken)), false, false, null);
                        break;
                    default:
                        throw Lexer.Fault(part.Location, $"an edge has no field '{SearchPath.Shown(part.Name)}'; there are mode, score and resource");
                }
            }

            connection.Add(edges.Key, OutputValue.Of(edge), true, false, null);
        }
    }

    private static void RequireSelections(Field field)
    {
        if (field.Selections.Count == 0)
        {
            throw Lexer.Fault(field.Location, $"'{field.Name}' needs a selection of its fields");
        }
    }

    // A cursor is all that the client sends for another page, so it holds the search beside the place.
    private string SealCursor(ResourceSearch search, SearchArguments arguments, PagePosition position)
    {
        string[] question = [arguments.FilterText ?? "", .. arguments.Query.SelectMany(parameter => new[] { parameter.Name, parameter.Value })];
        string text = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(question));
        return $"{text}.{_service.Cursors.Seal(position, Context(search, text))}";
    }

    private SearchArguments OpenCursor(ResourceSearch search, string cursor)
    {
        if (cursor.Split('.') is [var text, var place] && _service.Cursors.Open(place, Context(search, text)) is { IsOk: true } position)
        {
            string[] question = JsonSerializer.Deserialize<string[]>(Base64Url.DecodeFromChars(text))!;
            QueryParameter[] query = [.. question.Skip(1).Chunk(2).Select(pair => new QueryParameter(pair[0], pair[1]))];
            FhirPathExpression? filter = question[0].Length == 0 ? null : FhirPathExpression.Compile(question[0]).Value;
            return new SearchArguments(query, filter, filter?.Text, position.Value);
        }

        throw new FhirException(FhirError.Of(ErrorKind.Invalid, IssueType.Value, "The cursor is none that this server gave for such a search."));
    }

    private string Context(ResourceSearch search, string question) => $"graphql {_request.Requester.Scope.Requester} {search.Type.Name} {question}";
}
