using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Search;

/// <summary>All parameters of one resource type, compiled into one walk. Immutable once built, shared by all threads.</summary>
internal sealed class TypeWalk
{
    private ComputedValue[] _computed = [];
    private readonly List<Issue> _issues = [];
    private readonly TypeSchema _type;

    public TypeWalk(TypeSchema type, SearchParameterSet parameters, DefinitionSet definitions)
    {
        _type = type;
        Facts = new FactPlan(type, parameters);
        Systems = new ImpliedSystems(definitions, Constants);
        foreach (IndexedParameter parameter in parameters.Of(type))
        {
            if (parameter.Definition.Expression is { } expression)
            {
                Add(parameter, expression);
            }
        }

        if (_computed.Length > 0)
        {
            LearnAll();
        }

        Root.Freeze();
        Constants.Freeze();
    }

    public WalkNode Root { get; } = new();

    public ConstantTexts Constants { get; } = new();

    public ImpliedSystems Systems { get; }

    /// <summary>Where what decisions ask of the type stands.</summary>
    public FactPlan Facts { get; }

    /// <summary>What the FHIRPath engine is asked besides.</summary>
    public ReadOnlySpan<ComputedValue> Computed => _computed;

    /// <summary>Expressions that could not be compiled, or that lead nowhere in this type.</summary>
    public IReadOnlyList<Issue> Issues => _issues;

    private WalkPoint Start(WalkNode node) => new(node, null, [_type], IsSingle: true);

    private void Add(IndexedParameter parameter, string expression)
    {
        WalkPoint start = Start(Root);
        if (!TryFollow(parameter, expression, start, start, out IReadOnlyList<WalkPoint> points, out FhirPathExpression? computed))
        {
            return;
        }

        if (computed is not null)
        {
            TuplePlan? tuple = parameter.Components.Count > 0 ? Tuple(parameter, null) : null;
            _computed = [.. _computed, new ComputedValue(new ValueTarget(parameter, 0, parameter, tuple), computed)];
        }

        foreach (WalkPoint point in points)
        {
            TuplePlan? tuple = parameter.Components.Count > 0 ? Tuple(parameter, point) : null;
            AddTarget(point, new ValueTarget(parameter, 0, parameter, tuple));
        }

        if (computed is null && points.Count == 0)
        {
            _issues.Add(Issue.Warning(
                IssueType.Processing, $"The expression of the search parameter {parameter.Definition.Url} leads to no element of {_type.Name}.", parameter.Code));
        }
    }

    /// <summary>The walks of a composite below one of the places it points at; null when that is only known to the engine.</summary>
    private TuplePlan Tuple(IndexedParameter parameter, WalkPoint? item)
    {
        var components = new List<TupleComponent>();
        for (int i = 0; i < parameter.Components.Count; i++)
        {
            IndexedParameter valueAs = parameter.Components[i];
            string expression = parameter.Definition.Components[i].Expression;
            var target = new ValueTarget(parameter, (byte)(i + 1), valueAs);
            var fromItem = new WalkNode();
            var fromResource = new WalkNode();
            IReadOnlyList<WalkPoint> points = [];
            FhirPathExpression? computed = null;
            bool isOk = item is null
                ? TryCompile(parameter, expression, out computed)
                : TryFollow(parameter, expression, item with { Node = fromItem }, Start(fromResource), out points, out computed);
            if (isOk)
            {
                foreach (WalkPoint point in points)
                {
                    AddTarget(point, target);
                }
            }

            fromItem.Freeze();
            fromResource.Freeze();
            components.Add(new TupleComponent(fromItem, fromResource, computed is null ? null : new ComputedValue(target, computed)));
        }

        return new TuplePlan([.. components]);
    }

    /// <summary>Follows an expression as far as a walk can, or compiles it for the engine.</summary>
    private bool TryFollow(
        IndexedParameter parameter,
        string expression,
        WalkPoint from,
        WalkPoint resource,
        out IReadOnlyList<WalkPoint> points,
        out FhirPathExpression? computed)
    {
        computed = null;
        points = [];
        try
        {
            if (WalkCompiler.Follow(Parser.Parse(expression, FhirPathLimits.Default), from, resource) is { } found)
            {
                points = found;
                return true;
            }
        }
        catch (FhirException e)
        {
            Report(parameter, e.Error);
            return false;
        }

        return TryCompile(parameter, expression, out computed);
    }

    private bool TryCompile(IndexedParameter parameter, string expression, out FhirPathExpression? computed)
    {
        Result<FhirPathExpression> result = FhirPathExpression.Compile(expression, FhirPathOptions.SearchParameter);
        computed = result.IsOk ? result.Value : null;
        if (!result.IsOk)
        {
            Report(parameter, result.Error);
        }

        return result.IsOk;
    }

    private void Report(IndexedParameter parameter, FhirError error)
    {
        foreach (Issue issue in error.Issues)
        {
            _issues.Add(issue with { Message = $"Search parameter {parameter.Definition.Url}: {issue.Message}", Expression = parameter.Code });
        }
    }

    /// <summary>What the engine will come back with is not known before: it may be any code of the type.</summary>
    private void LearnAll()
    {
        string start = _type.Name + ".";
        foreach (ElementSchema element in FhirSchema.R4.Elements)
        {
            if (element.Path.StartsWith(start, StringComparison.Ordinal) && element.Types.Any(type => DataShapes.Of(type.Type) == DataShape.Code))
            {
                Systems.Learn(element);
            }
        }
    }

    private void AddTarget(WalkPoint point, ValueTarget target)
    {
        if (target.ValueAs.Type == SearchParameterType.Token
            && point.Element is { } element
            && point.Types.Any(type => DataShapes.Of(type) == DataShape.Code))
        {
            Systems.Learn(element);
        }

        point.Node.Add(target);
    }
}
