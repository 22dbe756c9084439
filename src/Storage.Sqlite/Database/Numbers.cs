using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.Storage.Sqlite.Native;

namespace HealthChain.Storage.Sqlite.Database;

/// <summary>
/// The numbers by which the database knows resource types and search parameters. The ids in memory change with the definitions that are
/// loaded; these never change once given.
/// </summary>
internal sealed class Numbers
{
    /// <summary>Index rows with the hash of <c>Type/id</c>, by which a resource is found; deleted ones keep theirs.</summary>
    public const ushort Identity = 0;

    /// <summary>Index rows with the number of the type, of all that lies in the compartment of one patient alone; deleted ones keep theirs.</summary>
    public const ushort Member = 1;

    /// <summary>Stands for a parameter or type that is no longer, or not, known.</summary>
    public const ushort None = ushort.MaxValue;

    private const ushort FirstParameter = 16;

    private readonly ushort[] _numberOf;
    private readonly ushort[] _parameterOf;
    private readonly ushort[] _typeNumberOf;
    private readonly ushort[] _typeOf;

    private Numbers(ushort[] numberOf, ushort[] parameterOf, ushort[] typeNumberOf, ushort[] typeOf)
    {
        _numberOf = numberOf;
        _parameterOf = parameterOf;
        _typeNumberOf = typeNumberOf;
        _typeOf = typeOf;
        int last = -1;
        foreach (ushort number in numberOf)
        {
            KeepsOrder = last < number && (last == -1 || KeepsOrder);
            last = number;
        }
    }

    /// <summary>True when the numbers of parameters are in the order of their ids, as they are until packages change.</summary>
    public bool KeepsOrder { get; } = true;

    /// <summary>Reads the numbers and gives one to whatever has none; within the caller's transaction.</summary>
    public static Numbers Load(Connection connection, SearchParameterSet parameters)
    {
        Dictionary<string, ushort> known = Read(connection, "SELECT n, url FROM param");
        Dictionary<string, ushort> types = Read(connection, "SELECT n, name FROM type");
        Complete(connection, "INSERT INTO param(n, url) VALUES(?,?)", known, parameters.Parameters.Select(parameter => parameter.Definition.Url), FirstParameter);
        Complete(connection, "INSERT INTO type(n, name) VALUES(?,?)", types, FhirSchema.R4.Types.Where(IsConcrete).Select(type => type.Name), 1);
        ushort[] numberOf = [.. parameters.Parameters.Select(parameter => known[parameter.Definition.Url])];
        ushort[] typeNumberOf = [.. FhirSchema.R4.Types.Select(type => types.GetValueOrDefault(type.Name, None))];
        return new Numbers(numberOf, Inverse(numberOf, known.Values.Max()), typeNumberOf, Inverse(typeNumberOf, types.Values.Max()));
    }

    /// <summary>The number of a parameter by its id in the set.</summary>
    public ushort OfParameter(ushort id) => _numberOf[id];

    /// <summary>The id of a parameter by its number; <see cref="None"/> when the set has none.</summary>
    public ushort ParameterOf(int number) => number < _parameterOf.Length ? _parameterOf[number] : None;

    /// <summary>The number of a resource type by its id in the schema.</summary>
    public ushort OfType(ushort id) => _typeNumberOf[id];

    /// <summary>Whether there can be resources of the type.</summary>
    public bool Has(TypeSchema type) => _typeNumberOf[type.Id] != None;

    /// <summary>The type with that number.</summary>
    /// <exception cref="StoreException">There is no such type in R4.</exception>
    public TypeSchema TypeOf(long number) => number < _typeOf.Length && _typeOf[(int)number] is var id and not None
        ? FhirSchema.R4.Types[id]
        : throw new StoreException("The database holds resources of a type that this program does not know.");

    private static bool IsConcrete(TypeSchema type) => type is { IsResource: true, IsAbstract: false };

    private static ushort[] Inverse(ushort[] numbers, ushort largest)
    {
        var inverse = new ushort[largest + 1];
        Array.Fill(inverse, None);
        for (int id = 0; id < numbers.Length; id++)
        {
            if (numbers[id] != None)
            {
                inverse[numbers[id]] = (ushort)id;
            }
        }

        return inverse;
    }

    private static Dictionary<string, ushort> Read(Connection connection, string sql)
    {
        var numbers = new Dictionary<string, ushort>(StringComparer.Ordinal);
        using Statement select = connection.Prepare(sql);
        while (select.Step())
        {
            numbers.Add(select.Text(1), (ushort)select.Int32(0));
        }

        return numbers;
    }

    private static void Complete(Connection connection, string sql, Dictionary<string, ushort> numbers, IEnumerable<string> names, ushort first)
    {
        int next = numbers.Count == 0 ? first : numbers.Values.Max() + 1;
        using Statement insert = connection.Prepare(sql);
        foreach (string name in names)
        {
            if (numbers.TryAdd(name, (ushort)next))
            {
                if (next >= None)
                {
                    throw new StoreException($"The database has numbers for {None} search parameters; there is none left.");
                }

                insert.Bind(1, next++);
                insert.BindText(2, System.Text.Encoding.UTF8.GetBytes(name));
                insert.Run();
            }
        }
    }
}
