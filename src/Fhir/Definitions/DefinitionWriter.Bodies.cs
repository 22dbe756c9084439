namespace HealthChain.Fhir.Definitions;

// Each method has its mirror in DefinitionReader.Bodies.cs: the same members in the same order.
internal sealed partial class DefinitionWriter
{
    private void Body(IDefinition definition)
    {
        switch (definition)
        {
            case StructureDefinition structure:
                Structure(structure);
                break;
            case ValueSet valueSet:
                ValueSet(valueSet);
                break;
            case CodeSystem codeSystem:
                CodeSystem(codeSystem);
                break;
            case ConceptMap map:
                ConceptMap(map);
                break;
            case SearchParameter parameter:
                SearchParameter(parameter);
                break;
            case OperationDefinition operation:
                Operation(operation);
                break;
            case CompartmentDefinition compartment:
                Compartment(compartment);
                break;
            case NamingSystem namingSystem:
                NamingSystem(namingSystem);
                break;
        }
    }

    private void Structure(StructureDefinition value)
    {
        Text(value.Url);
        Text(value.Version);
        Text(value.Name);
        Text(value.Title);
        Text(value.Status);
        Number((int)value.Kind);
        Flag(value.IsAbstract);
        Text(value.Type);
        Text(value.BaseDefinition);
        Flag(value.IsConstraint);
        List(value.Contexts, context =>
        {
            Text(context.Kind);
            Text(context.Expression);
        });
        Texts(value.ContextInvariants);
        List(value.Snapshot, Element);
        List(value.Differential, Element);
    }

    private void Element(ElementDefinition value)
    {
        Text(value.Id);
        Text(value.Path == value.Id ? null : value.Path);
        Text(value.SliceName);
        Limit(value.Min);
        Limit(value.Max);
        Text(value.BasePath);
        Limit(value.BaseMin);
        Limit(value.BaseMax);
        List(value.Types, type => Shared(_types, type, Type));
        Text(value.ContentReference);
        Value(value.Fixed);
        Value(value.Pattern);
        Value(value.MinValue);
        Value(value.MaxValue);
        Value(value.DefaultValue);
        Limit(value.MaxLength);
        Shared(_bindings, value.Binding, Binding);
        Flag(value.Slicing is not null);
        if (value.Slicing is { } slicing)
        {
            Slicing(slicing);
        }

        List(value.Constraints, constraint => Shared(_constraints, constraint, Constraint));
        Texts(value.Representations);
        Flag(value.IsModifier);
        Flag(value.IsSummary);
        Flag(value.MustSupport);
        Flag(value.SliceIsConstraining);
        Text(value.Short);
    }

    private void Type(TypeReference value)
    {
        Text(value.Code);
        Texts(value.Profiles);
        Texts(value.TargetProfiles);
        Texts(value.Aggregations);
        Text(value.Versioning);
        Text(value.FhirType);
        Text(value.Regex);
    }

    private void Value(TypedValue? value)
    {
        Text(value?.Type);
        if (value is not null)
        {
            Number(value.Json.Length);
            _out.Add(value.Json.Span);
        }
    }

    private void Binding(Binding value)
    {
        Number((int)value.Strength);
        Text(value.ValueSet);
        Text(value.MaxValueSet);
    }

    private void Slicing(Slicing value)
    {
        List(value.Discriminators, discriminator =>
        {
            Text(discriminator.Kind);
            Text(discriminator.Path);
        });
        Flag(value.Ordered);
        Number((int)value.Rules);
        Text(value.Description);
    }

    private void Constraint(Constraint value)
    {
        Text(value.Key);
        Number((int)value.Severity);
        Text(value.Human);
        Text(value.Expression);
        Text(value.Source);
        Flag(value.IsBestPractice);
    }

    private void CodeSystem(CodeSystem value)
    {
        Text(value.Url);
        Text(value.Version);
        Text(value.Name);
        Text(value.Title);
        Text(value.Status);
        Flag(value.IsExperimental);
        Flag(value.IsCaseSensitive);
        Number((int)value.Content);
        Text(value.HierarchyMeaning);
        Text(value.ValueSet);
        Text(value.Supplements);
        Text(value.Language);
        List(value.Properties, property =>
        {
            Text(property.Code);
            Text(property.Uri);
            Text(property.Description);
            Text(property.Type);
        });
        List(value.Filters, filter =>
        {
            Text(filter.Code);
            Texts(filter.Operators);
            Text(filter.Value);
        });
        Texts(value.Identifiers);
        List(value.Concepts, Concept);
    }

    private void Concept(Concept value)
    {
        Text(value.Code);
        Text(value.Display);
        Text(value.Definition);
        Number(value.Parent + 1);
        List(value.Designations, Designation);
        List(value.Properties, property =>
        {
            Text(property.Code);
            Text(property.Type);
            Text(property.Value);
            Coding(property.Coding);
        });
    }

    private void Designation(Designation value)
    {
        Text(value.Language);
        Coding(value.Use);
        Text(value.Value);
    }

    private void Coding(Coding? value)
    {
        Flag(value is not null);
        if (value is not null)
        {
            Text(value.System);
            Text(value.Code);
            Text(value.Display);
            Text(value.Version);
        }
    }

    private void ValueSet(ValueSet value)
    {
        Text(value.Url);
        Text(value.Version);
        Text(value.Name);
        Text(value.Title);
        Text(value.Status);
        Flag(value.IsExperimental);
        Texts(value.Identifiers);
        Flag(value.HasCompose);
        Flag(value.IncludesInactive);
        List(value.Includes, ConceptSet);
        List(value.Excludes, ConceptSet);
        Flag(value.Expansion is not null);
        if (value.Expansion is not null)
        {
            List(value.Expansion, Expansion);
        }

        Limit(value.ExpansionTotal);
    }

    private void ConceptSet(ConceptSet value)
    {
        Text(value.System);
        Text(value.Version);
        List(value.Concepts, concept =>
        {
            Text(concept.Code);
            Text(concept.Display);
            List(concept.Designations, Designation);
        });
        List(value.Filters, filter =>
        {
            Text(filter.Property);
            Text(filter.Operator);
            Text(filter.Value);
        });
        Texts(value.ValueSets);
    }

    private void Expansion(ExpansionConcept value)
    {
        Text(value.System);
        Text(value.Version);
        Text(value.Code);
        Text(value.Display);
        Flag(value.IsAbstract);
        Flag(value.IsInactive);
        Number(value.Parent + 1);
        List(value.Designations, Designation);
    }

    private void ConceptMap(ConceptMap value)
    {
        Text(value.Url);
        Text(value.Version);
        Text(value.Name);
        Text(value.Status);
        Text(value.Source);
        Text(value.Target);
        List(value.Groups, group =>
        {
            Text(group.Source);
            Text(group.SourceVersion);
            Text(group.Target);
            Text(group.TargetVersion);
            List(group.Elements, element =>
            {
                Text(element.Code);
                Text(element.Display);
                List(element.Targets, MapTarget);
            });
            Text(group.Unmapped?.Mode);
            if (group.Unmapped is { } unmapped)
            {
                Text(unmapped.Code);
                Text(unmapped.Display);
                Text(unmapped.Url);
            }
        });
    }

    private void MapTarget(ConceptMapTarget value)
    {
        Text(value.Code);
        Text(value.Display);
        Text(value.Equivalence);
        Text(value.Comment);
        List(value.DependsOn, MapDependency);
        List(value.Products, MapDependency);
    }

    private void MapDependency(ConceptMapDependency value)
    {
        Text(value.Property);
        Text(value.System);
        Text(value.Value);
        Text(value.Display);
    }

    private void SearchParameter(SearchParameter value)
    {
        Text(value.Url);
        Text(value.Version);
        Text(value.Name);
        Text(value.Description);
        Text(value.Status);
        Text(value.Code);
        Texts(value.Bases);
        Number((int)value.Type);
        Text(value.Expression);
        Text(value.XPathUsage);
        Texts(value.Targets);
        Flag(value.MultipleOr);
        Flag(value.MultipleAnd);
        Texts(value.Comparators);
        Texts(value.Modifiers);
        Texts(value.Chains);
        List(value.Components, component =>
        {
            Text(component.Definition);
            Text(component.Expression);
        });
    }

    private void Operation(OperationDefinition value)
    {
        Text(value.Url);
        Text(value.Version);
        Text(value.Name);
        Text(value.Code);
        Text(value.OperationKind);
        Flag(value.AffectsState);
        Texts(value.ResourceTypes);
        Flag(value.OnSystem);
        Flag(value.OnType);
        Flag(value.OnInstance);
        List(value.Parameters, OperationParameter);
    }

    private void OperationParameter(OperationParameter value)
    {
        Text(value.Name);
        Flag(value.IsInput);
        Limit(value.Min);
        Limit(value.Max);
        Text(value.Type);
        Text(value.SearchType);
        Texts(value.TargetProfiles);
        Shared(_bindings, value.Binding, Binding);
        List(value.Parts, OperationParameter);
    }

    private void Compartment(CompartmentDefinition value)
    {
        Text(value.Url);
        Text(value.Version);
        Text(value.Code);
        List(value.Resources, resource =>
        {
            Text(resource.Type);
            Texts(resource.Parameters);
        });
    }

    private void NamingSystem(NamingSystem value)
    {
        Text(value.Url);
        Text(value.Name);
        Text(value.Use);
        List(value.Ids, id =>
        {
            Text(id.Kind);
            Text(id.Value);
            Flag(id.IsPreferred);
        });
    }
}
