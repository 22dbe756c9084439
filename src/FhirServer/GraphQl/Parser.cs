using HealthChain.Fhir;
using HealthChain.FhirServer.Searching;

namespace HealthChain.FhirServer.GraphQl;

/// <summary>Reads a request: https://spec.graphql.org/October2021/#sec-Language. By descent; its depth is bounded.</summary>
internal sealed class Parser
{
    private readonly Lexer _lexer;
    private readonly GraphQlLimits _limits;
    private Token _token;
    private int _depth;

    private Parser(string text, GraphQlLimits limits)
    {
        _lexer = new Lexer(text);
        _limits = limits;
        _token = _lexer.Next();
    }

    public static Result<GraphQlDocument> Parse(string text, GraphQlLimits? limits = null)
    {
        limits ??= GraphQlLimits.Default;
        if (text.Length > limits.MaxLength)
        {
            return FhirError.Of(ErrorKind.TooCostly, IssueType.TooLong, $"The GraphQL request has {text.Length} characters; at most {limits.MaxLength} are read.");
        }

        try
        {
            return new Parser(text, limits).Document();
        }
        catch (FhirException fault)
        {
            return fault.Error;
        }
    }

    private GraphQlDocument Document()
    {
        var operations = new List<GraphQlOperation>();
        var fragments = new Dictionary<string, FragmentDefinition>();
        while (_token.Kind != TokenKind.End)
        {
            if (Is("fragment"))
            {
                FragmentDefinition fragment = Fragment();
                if (!fragments.TryAdd(fragment.Name, fragment))
                {
                    throw Fault($"the fragment '{fragment.Name}' is defined twice");
                }
            }
            else
            {
                operations.Add(Operation());
            }
        }

        return operations.Count > 0 ? new GraphQlDocument(operations, fragments) : throw Fault("there is no query");
    }

    private GraphQlOperation Operation()
    {
        if (Is("{"))
        {
            return new GraphQlOperation("query", null, [], [], Selections());
        }

        if (_token is not { Kind: TokenKind.Name, Text: "query" or "mutation" or "subscription" })
        {
            throw Expected("a query");
        }

        string kind = Take().Text;
        string? name = _token.Kind == TokenKind.Name ? Take().Text : null;
        List<VariableDefinition> variables = Is("(") ? List("(", ")", Variable) : [];
        return new GraphQlOperation(kind, name, variables, Directives(), Selections());
    }

    private VariableDefinition Variable()
    {
        Expect("$");
        string name = Name();
        Expect(":");
        bool isRequired = Type();
        GraphQlValue? value = null;
        if (Is("="))
        {
            Take();
            value = Value();
        }

        Directives();
        return new VariableDefinition(name, isRequired, value);
    }

    /// <summary>The type of a variable says nothing here, as FHIR's arguments are texts; only whether it may be left out.</summary>
    private bool Type()
    {
        if (Is("["))
        {
            Enter();
            Take();
            Type();
            Expect("]");
            _depth--;
        }
        else
        {
            Name();
        }

        if (!Is("!"))
        {
            return false;
        }

        Take();
        return true;
    }

    private FragmentDefinition Fragment()
    {
        Take();
        string name = Name();
        if (name == "on")
        {
            throw Fault("a fragment cannot be called 'on'");
        }

        if (!Is("on"))
        {
            throw Expected("'on'");
        }

        Take();
        return new FragmentDefinition(name, Name(), Directives(), Selections());
    }

    private List<Selection> Selections()
    {
        Enter();
        List<Selection> selections = List("{", "}", Selection);
        _depth--;
        return selections.Count > 0 ? selections : throw Fault("a selection needs at least one field");
    }

    private Selection Selection()
    {
        Location location = _token.Location;
        if (!Is("..."))
        {
            return FieldSelection(location);
        }

        Take();
        if (_token is { Kind: TokenKind.Name, Text: not "on" })
        {
            return new FragmentSpread(Take().Text, Directives(), location);
        }

        string? type = null;
        if (Is("on"))
        {
            Take();
            type = Name();
        }

        return new InlineFragment(type, Directives(), Selections(), location);
    }

    private Field FieldSelection(Location location)
    {
        string name = Name();
        string? alias = null;
        if (Is(":"))
        {
            Take();
            alias = name;
            name = Name();
        }

        List<Argument> arguments = Arguments();
        List<Directive> directives = Directives();
        return new Field(alias, name, arguments, directives, Is("{") ? Selections() : [], location);
    }

    private List<Directive> Directives()
    {
        var directives = new List<Directive>();
        while (Is("@"))
        {
            Location location = Take().Location;
            directives.Add(new Directive(Name(), Arguments(), location));
        }

        return directives;
    }

    private List<Argument> Arguments()
    {
        List<Argument> arguments = Is("(") ? List("(", ")", Member) : [];
        return arguments.DistinctBy(argument => argument.Name).Count() == arguments.Count ? arguments : throw Fault("an argument stands twice");
    }

    private Argument Member()
    {
        string name = Name();
        Expect(":");
        return new Argument(name, Value());
    }

    private GraphQlValue Value()
    {
        Enter();
        GraphQlValue value = _token switch
        {
            { Kind: TokenKind.String } => new TextValue(Take().Text, IsString: true),
            { Kind: TokenKind.Name, Text: "null" } => Null(),
            { Kind: TokenKind.Number or TokenKind.Name } => new TextValue(Take().Text, IsString: false),
            { Kind: TokenKind.Punctuator, Text: "$" } => VariableUse(),
            { Kind: TokenKind.Punctuator, Text: "[" } => new ListValue(List("[", "]", Value)),
            { Kind: TokenKind.Punctuator, Text: "{" } => new ObjectValue(List("{", "}", Member)),
            _ => throw Expected("a value"),
        };
        _depth--;
        return value;
    }

    private NullValue Null()
    {
        Take();
        return new NullValue();
    }

    private VariableValue VariableUse()
    {
        Take();
        return new VariableValue(Name());
    }

    private List<T> List<T>(string open, string close, Func<T> item)
    {
        var items = new List<T>();
        Expect(open);
        while (!Is(close))
        {
            items.Add(item());
        }

        Take();
        return items;
    }

    // Strings are told from names and punctuators by their kind.
    private bool Is(string text) => _token.Kind is TokenKind.Punctuator or TokenKind.Name && _token.Text == text;

    private Token Take()
    {
        Token token = _token;
        _token = _lexer.Next();
        return token;
    }

    private void Expect(string punctuator)
    {
        if (!Is(punctuator))
        {
            throw Expected($"'{punctuator}'");
        }

        Take();
    }

    private string Name() => _token.Kind == TokenKind.Name ? Take().Text : throw Expected("a name");

    private void Enter()
    {
        if (++_depth > _limits.MaxDepth)
        {
            throw new FhirException(FhirError.Of(ErrorKind.TooCostly, IssueType.TooCostly, $"The GraphQL request is more than {_limits.MaxDepth} levels deep."));
        }
    }

    private FhirException Expected(string what) =>
        Fault($"expected {what}, found {(_token.Kind == TokenKind.End ? "the end" : $"'{SearchPath.Shown(_token.Text)}'")}");

    private FhirException Fault(string message) => Lexer.Fault(_token.Location, message);
}
