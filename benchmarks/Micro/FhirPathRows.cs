using System.Diagnostics;
using System.Text;
using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;

namespace HealthChain.Micro;

/// <summary>Single expressions, warm, on one Patient; the reference figures of other engines are per evaluation too.</summary>
internal static class FhirPathRows
{
    private const string Patient = """
        {"resourceType":"Patient","id":"p","active":true,"identifier":[{"system":"http://a.org","value":"1"},{"system":"http://b.org","value":"2"}],
        "name":[{"use":"official","family":"Smith","given":["Ann","Beth"]},{"use":"nickname","given":["Annie"]}],
        "telecom":[{"system":"phone","value":"1"},{"system":"email","value":"a@b.c"}],"gender":"female","birthDate":"1970-03-30",
        "contact":[{"name":{"family":"Lee"},"gender":"male"}]}
        """;

    private static readonly string[] Expressions =
    [
        "Patient.name.given",
        "Patient.identifier.where(system = 'http://b.org').value",
        "Patient.telecom.where(system = 'phone' and use = 'home').exists()",
        "Patient.name.exists() and Patient.birthDate < today()",
        "Patient.contact.all(name.exists() or telecom.exists() or address.exists() or organization.exists())",
        "Patient.descendants().count()",
    ];

    public static void Run()
    {
        Element root = FhirJson.Read(Encoding.UTF8.GetBytes(Patient)).Root;
        foreach (string text in Expressions)
        {
            FhirPathExpression expression = FhirPathExpression.Compile(text).Value;
            (double best, long allocated) = Measure(() => expression.Evaluate(root));
            (double compile, _) = Measure(() => FhirPathExpression.Compile(text));
            Console.WriteLine($"fhirpath {best,9:F0} ns {allocated,6} B   compile {compile / 1000,7:F1} us   {text}");
        }
    }

    private static (double Nanoseconds, long Bytes) Measure(Action work)
    {
        const int Times = 20_000;
        double best = double.MaxValue;
        long bytes = 0;
        for (int round = 0; round < 15; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Times; i++)
            {
                work();
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds / Times);
            bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / Times;
        }

        return (best, bytes);
    }
}
