using System.Security.Cryptography;
using System.Text;
using HealthChain.Fhir.Search;
using HealthChain.Storage.Sqlite.Native;

namespace HealthChain.Storage.Sqlite.Database;

/// <summary>Tells by which search parameters the resources were indexed, so that a change of packages does not go unnoticed.</summary>
internal static class ParameterFingerprint
{
    /// <summary>To be raised when the same parameters give other keys, or other patients to whom a resource belongs, than before.</summary>
    private const int Algorithm = 3;

    public static byte[] Of(SearchParameterSet parameters)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([Algorithm]);
        foreach (IndexedParameter parameter in parameters.Parameters.OrderBy(parameter => parameter.Definition.Url, StringComparer.Ordinal))
        {
            string[] parts =
            [
                parameter.Definition.Url, parameter.Code, parameter.Type.ToString(), parameter.Definition.Expression ?? "",
                string.Join(',', parameter.Definition.Bases), string.Join(',', parameter.Components.Select(component => component.Definition.Url)),
            ];
            hash.AppendData(Encoding.UTF8.GetBytes(string.Join('\n', parts) + "\0"));
        }

        return hash.GetHashAndReset();
    }

    /// <summary>Whether other parameters were used; a database without resources takes today's.</summary>
    public static bool IsOther(Connection connection, SearchParameterSet parameters)
    {
        byte[] today = Of(parameters);
        using (Statement known = connection.Prepare("SELECT v FROM meta WHERE k=?"))
        {
            known.Bind(1, (long)Meta.Parameters);
            if (known.Step())
            {
                return !known.Blob(0).SequenceEqual(today);
            }
        }

        Write(connection, today);
        return false;
    }

    public static void Write(Connection connection, SearchParameterSet parameters) => Write(connection, Of(parameters));

    private static void Write(Connection connection, byte[] fingerprint)
    {
        using Statement write = connection.Prepare("INSERT OR REPLACE INTO meta(k, v) VALUES(?,?)");
        write.Bind(1, (long)Meta.Parameters);
        write.Bind(2, fingerprint);
        write.Run();
    }
}
