using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Searching;

/// <summary>Reads <c>_include</c> and <c>_revinclude</c>: <c>Source:parameter[:Target]</c>, <c>Source:*</c> or <c>*</c>.</summary>
internal sealed class IncludeReader(SearchParameterSet parameters)
{
    private const string Wildcard = "*";

    public Result<IReadOnlyList<Include>> Read(IReadOnlyList<TypeSchema> types, string? modifier, bool isReverse, string value)
    {
        string name = isReverse ? "_revinclude" : "_include";

        // ":recurse" is what ":iterate" was called up to STU3; clients still send it.
        if (modifier is not (null or "iterate" or "recurse"))
        {
            return FhirError.Invalid($"There is no modifier ':{SearchPath.Shown(modifier)}' for '{name}': only :iterate.");
        }

        bool iterates = modifier is not null;
        if (value == Wildcard)
        {
            // Whatever was included may be of any type, and so may what points at a match.
            IReadOnlyList<TypeSchema> sources = isReverse || iterates ? ResourceTypes.All : types;
            return Result.Of<IReadOnlyList<Include>>([.. sources.Select(source => new Include(source, null, null, isReverse, iterates))]);
        }

        string[] pieces = value.Split(':');
        if (pieces.Length is < 2 or > 3)
        {
            return FhirError.Invalid($"'{SearchPath.Shown(value)}' is no value for '{name}': expected Source:parameter or Source:parameter:Target.");
        }

        if (ResourceTypes.Find(pieces[0]) is not { } type)
        {
            return FhirError.Invalid($"'{SearchPath.Shown(pieces[0])}' in '{name}' is no resource type.");
        }

        TypeSchema? target = null;
        if (pieces.Length == 3 && (target = ResourceTypes.Find(pieces[2])) is null)
        {
            return FhirError.Invalid($"'{SearchPath.Shown(pieces[2])}' in '{name}' is no resource type.");
        }

        return pieces[1] == Wildcard
            ? Result.Of<IReadOnlyList<Include>>([new Include(type, null, target, isReverse, iterates)])
            : ReadReference(name, type, pieces[1], target, isReverse, iterates);
    }

    private Result<IReadOnlyList<Include>> ReadReference(
        string name, TypeSchema type, string code, TypeSchema? target, bool isReverse, bool iterates)
    {
        if (parameters.Find(type, code) is not { } reference)
        {
            return SearchFaults.Unknown($"{type.Name} has no search parameter '{SearchPath.Shown(code)}' for '{name}' to follow.");
        }

        if (reference.Type != SearchParameterType.Reference)
        {
            return FhirError.Invalid(
                $"'{code}' on {type.Name} is a {reference.Type.ToString().ToLowerInvariant()} parameter; '{name}' follows references.");
        }

        return target is not null && !ResourceTypes.TargetsOf(reference).Contains(target)
            ? FhirError.Invalid($"'{code}' on {type.Name} cannot point at {target.Name}, as '{name}' asks.")
            : Result.Of<IReadOnlyList<Include>>([new Include(type, reference, target, isReverse, iterates)]);
    }
}
