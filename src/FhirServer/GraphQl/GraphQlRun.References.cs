using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.GraphQl;

/// <content>Following references: https://hl7.org/fhir/R4/graphql.html#references</content>
internal sealed partial class GraphQlRun
{
    private async ValueTask ResolveAsync(OutputObject output, Field field, Element reference, Place place, CancellationToken cancellationToken)
    {
        if (field.Selections.Count == 0)
        {
            throw Lexer.Fault(field.Location, "'resource' needs a selection of its fields");
        }

        bool isOptional = false;
        string? type = null;
        foreach (Argument argument in field.Arguments)
        {
            string? text = _variables.Text(argument);
            switch (argument.Name)
            {
                case "optional" when text is "true" or "false":
                    isOptional = text == "true";
                    break;
                case "type" when text is not null && ResourceTypes.Find(text) is not null:
                    type = text;
                    break;
                default:
                    throw Lexer.Fault(field.Location, $"'resource' takes optional (true or false) and type (a resource type), not '{argument.Name}' with such a value");
            }
        }

        Element target = await TargetAsync(reference, cancellationToken);
        if (!target.Exists && !isOptional)
        {
            // Withheld and absent look the same.
            throw new FhirException(FhirError.Of(ErrorKind.NotFound, IssueType.NotFound, "A reference cannot be resolved; ask for 'resource(optional: true)' to pass over such.", reference.Expression));
        }

        if (!target.Exists || (type is not null && target.Type.Name != type))
        {
            return;
        }

        if (field.Has("flatten"))
        {
            await SelectAsync(output, target, place.Into(field, place.Suffix, place.IsList), cancellationToken);
            return;
        }

        output.Add(field.Key + place.Suffix, OutputValue.Of(await NestedAsync(field, target, place, cancellationToken)), place.IsList, field.Has("singleton"), null);
    }

    private async ValueTask<Element> TargetAsync(Element reference, CancellationToken cancellationToken)
    {
        if (reference.Child("reference") is not { Exists: true, HasValue: true, Text: { } text })
        {
            return default;
        }

        if (text.StartsWith('#'))
        {
            Element container = reference.Container;
            return text.Length == 1
                ? container
                : container.ChildrenOf("contained").ToList().Find(resource => resource.Child("id") is { Exists: true } id && id.Text == text[1..]);
        }

        byte[] utf8 = Encoding.UTF8.GetBytes(text.StartsWith(_request.BaseUrl + "/", StringComparison.Ordinal) ? text[(_request.BaseUrl.Length + 1)..] : text);
        LiteralReference literal = LiteralReference.Parse(utf8);
        return literal.Type is { } type && utf8[literal.Server].AsSpan().IsEmpty
            ? await ReadAsync(new ResourceKey(type.Name, Encoding.UTF8.GetString(utf8[literal.Id])), cancellationToken)
            : default;
    }

    /// <summary>A current resource; does not exist when there is none for the requester. Each is read once.</summary>
    private async ValueTask<Element> ReadAsync(ResourceKey key, CancellationToken cancellationToken)
    {
        if (_resources.TryGetValue(key, out Element known))
        {
            return known;
        }

        if (++_reads > _limits.MaxReads)
        {
            throw TooCostly($"would need more than {_limits.MaxReads} other resources");
        }

        StoredVersion? version = await _service.Store.ReadAsync(_request.Requester.Scope, key, cancellationToken);
        Element resource = default;
        if (version is { IsDeleted: false })
        {
            resource = FhirJson.Read(version.Json).Root;
            _disclosed.Add(version);
        }

        _resources.Add(key, resource);
        return resource;
    }
}
