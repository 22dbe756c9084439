namespace HealthChain.Fhir.Definitions;

// Each method has its mirror in DefinitionWriter.Bodies.cs. Members are read in the order of the initialisers, which is C#'s order of evaluation.
internal ref partial struct DefinitionReader
{
    internal TypeReference Type() => new(Text(), Texts(), Texts(), Texts(), OptionalText(), OptionalText(), OptionalText());

    internal Binding Binding() => new((BindingStrength)Number(), OptionalText(), OptionalText());

    internal Constraint Constraint() => new(Text(), (ConstraintSeverity)Number(), Text(), OptionalText(), OptionalText(), Flag());

    private StructureDefinition Structure() => new()
    {
        Url = Text(),
        Version = OptionalText(),
        Name = Text(),
        Title = OptionalText(),
        Status = OptionalText(),
        Kind = (StructureKind)Number(),
        IsAbstract = Flag(),
        Type = Text(),
        BaseDefinition = OptionalText(),
        IsConstraint = Flag(),
        Contexts = List(static (ref DefinitionReader r) => new ExtensionContext(r.Text(), r.Text())),
        ContextInvariants = Texts(),
        Snapshot = List(static (ref DefinitionReader r) => r.Element()),
        Differential = List(static (ref DefinitionReader r) => r.Element()),
    };

    private ElementDefinition Element()
    {
        string id = Text();
        return new ElementDefinition
        {
            Id = id,
            Path = OptionalText() ?? id,
            SliceName = OptionalText(),
            Min = Limit(),
            Max = Limit(),
            BasePath = OptionalText(),
            BaseMin = Limit(),
            BaseMax = Limit(),
            Types = List(static (ref DefinitionReader r) => r.SharedType()),
            ContentReference = OptionalText(),
            Fixed = Value(),
            Pattern = Value(),
            MinValue = Value(),
            MaxValue = Value(),
            DefaultValue = Value(),
            MaxLength = Limit(),
            Binding = SharedBinding(),
            Slicing = Flag() ? Slicing() : null,
            Constraints = List(static (ref DefinitionReader r) => r.SharedConstraint()),
            Representations = Texts(),
            IsModifier = OptionalFlag(),
            IsSummary = OptionalFlag(),
            MustSupport = OptionalFlag(),
            SliceIsConstraining = Flag(),
            Short = OptionalText(),
        };
    }

    // The writer counts shared values from 1, so that 0 can stand for none.
    private TypeReference SharedType() => binary.SharedType(Number() - 1);

    private Constraint SharedConstraint() => binary.SharedConstraint(Number() - 1);

    private Binding? SharedBinding() => Number() is > 0 and int id ? binary.SharedBinding(id - 1) : null;

    private TypedValue? Value() => OptionalText() is { } type ? new TypedValue(type, Bytes().ToArray()) : null;

    private Slicing Slicing() => new(
        List(static (ref DefinitionReader r) => new Discriminator(r.Text(), r.Text())),
        Flag(),
        (SlicingRules)Number(),
        OptionalText());

    private CodeSystem CodeSystem() => new()
    {
        Url = Text(),
        Version = OptionalText(),
        Name = OptionalText(),
        Title = OptionalText(),
        Status = OptionalText(),
        IsExperimental = Flag(),
        IsCaseSensitive = Flag(),
        Content = (CodeSystemContent)Number(),
        HierarchyMeaning = OptionalText(),
        ValueSet = OptionalText(),
        Supplements = OptionalText(),
        Language = OptionalText(),
        Properties = List(static (ref DefinitionReader r) => new PropertyDefinition(r.Text(), r.OptionalText(), r.OptionalText(), r.Text())),
        Filters = List(static (ref DefinitionReader r) => new FilterDefinition(r.Text(), r.Texts(), r.OptionalText())),
        Identifiers = Texts(),
        Concepts = List(static (ref DefinitionReader r) => r.Concept()),
    };

    private Concept Concept() => new(Text(), OptionalText(), OptionalText(), Number() - 1)
    {
        Designations = List(static (ref DefinitionReader r) => r.Designation()),
        Properties = List(static (ref DefinitionReader r) => new ConceptProperty(r.Text(), r.Text(), r.Text(), r.Coding())),
    };

    private Designation Designation() => new(OptionalText(), Coding(), Text());

    private Coding? Coding() => Flag() ? new Coding(OptionalText(), OptionalText(), OptionalText(), OptionalText()) : null;

    private ValueSet ValueSet() => new()
    {
        Url = Text(),
        Version = OptionalText(),
        Name = OptionalText(),
        Title = OptionalText(),
        Status = OptionalText(),
        IsExperimental = Flag(),
        Identifiers = Texts(),
        HasCompose = Flag(),
        IncludesInactive = OptionalFlag(),
        Includes = List(static (ref DefinitionReader r) => r.ConceptSet()),
        Excludes = List(static (ref DefinitionReader r) => r.ConceptSet()),
        Expansion = Flag() ? List(static (ref DefinitionReader r) => r.Expansion()) : null,
        ExpansionTotal = Limit(),
    };

    private ConceptSet ConceptSet() => new(
        OptionalText(),
        OptionalText(),
        List(static (ref DefinitionReader r) =>
            new ConceptReference(r.Text(), r.OptionalText(), r.List(static (ref DefinitionReader inner) => inner.Designation()))),
        List(static (ref DefinitionReader r) => new ConceptFilter(r.Text(), r.Text(), r.Text())),
        Texts());

    private ExpansionConcept Expansion() =>
        new(OptionalText(), OptionalText(), OptionalText(), OptionalText(), Flag(), Flag(), Number() - 1)
        {
            Designations = List(static (ref DefinitionReader r) => r.Designation()),
        };

    private ConceptMap ConceptMap() => new()
    {
        Url = Text(),
        Version = OptionalText(),
        Name = OptionalText(),
        Status = OptionalText(),
        Source = OptionalText(),
        Target = OptionalText(),
        Groups = List(static (ref DefinitionReader r) => r.MapGroup()),
    };

    private ConceptMapGroup MapGroup() => new(
        OptionalText(),
        OptionalText(),
        OptionalText(),
        OptionalText(),
        List(static (ref DefinitionReader r) =>
            new ConceptMapElement(r.OptionalText(), r.OptionalText(), r.List(static (ref DefinitionReader inner) => inner.MapTarget()))),
        OptionalText() is { } mode ? new ConceptMapUnmapped(mode, OptionalText(), OptionalText(), OptionalText()) : null);

    private ConceptMapTarget MapTarget() => new(
        OptionalText(),
        OptionalText(),
        Text(),
        OptionalText(),
        List(static (ref DefinitionReader r) => r.MapDependency()),
        List(static (ref DefinitionReader r) => r.MapDependency()));

    private ConceptMapDependency MapDependency() => new(Text(), OptionalText(), Text(), OptionalText());

    private SearchParameter SearchParameter() => new()
    {
        Url = Text(),
        Version = OptionalText(),
        Name = Text(),
        Description = OptionalText(),
        Status = OptionalText(),
        Code = Text(),
        Bases = Texts(),
        Type = (SearchParameterType)Number(),
        Expression = OptionalText(),
        XPathUsage = OptionalText(),
        Targets = Texts(),
        MultipleOr = OptionalFlag(),
        MultipleAnd = OptionalFlag(),
        Comparators = Texts(),
        Modifiers = Texts(),
        Chains = Texts(),
        Components = List(static (ref DefinitionReader r) => new SearchParameterComponent(r.Text(), r.Text())),
    };

    private OperationDefinition Operation() => new()
    {
        Url = Text(),
        Version = OptionalText(),
        Name = Text(),
        Code = Text(),
        OperationKind = OptionalText(),
        AffectsState = OptionalFlag(),
        ResourceTypes = Texts(),
        OnSystem = Flag(),
        OnType = Flag(),
        OnInstance = Flag(),
        Parameters = List(static (ref DefinitionReader r) => r.OperationParameter()),
    };

    private OperationParameter OperationParameter() => new(
        Text(),
        Flag(),
        Limit() ?? 0,
        Limit() ?? 1,
        OptionalText(),
        OptionalText(),
        Texts(),
        SharedBinding(),
        List(static (ref DefinitionReader r) => r.OperationParameter()));

    private CompartmentDefinition Compartment() => new(
        Text(),
        OptionalText(),
        Text(),
        List(static (ref DefinitionReader r) => new CompartmentResource(r.Text(), r.Texts())));

    private NamingSystem NamingSystem() => new(
        OptionalText(),
        Text(),
        Text(),
        List(static (ref DefinitionReader r) => new NamingSystemId(r.Text(), r.Text(), r.Flag())));
}
