using System.Text;
using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;

namespace HealthChain.Fhir.Validation;

internal sealed partial class ValidationRun
{
    private EvaluationContext? _evaluationContext;

    /// <summary>What invariants may ask of this validation: its references, terminology and profiles.</summary>
    public EvaluationContext EvaluationContext =>
        _evaluationContext ??= new EvaluationContext { TimeProvider = Validator.Options.Time, Services = new Services(this) };

    // Serves one validation, which runs on one thread.
    private sealed class Services(ValidationRun run) : FhirPathServices
    {
        public override Element Resolve(string reference, Element from) => run.References.Resolve(from);

        public override bool? IsMember(Element coded, string valueSet) =>
            Answer(BindingRules.Test(coded, run.Terminology.Get(valueSet), out _));

        public override bool? IsMember(string code, string valueSet) =>
            Answer(run.Terminology.Get(valueSet).ContainsCode(Encoding.UTF8.GetBytes(code)));

        public override bool? ConformsTo(Element element, string profile) =>
            RuleParts.CoreType(profile) is { } core ? element.Type.Is(core)
            : run.Validator.Profile(profile) is { } schema ? element.Type.Is(schema.Type) && run.Meets(element, schema.Root)
            : null;

        private static bool? Answer(CodeMembership membership) => membership.Answer switch
        {
            Membership.Member => true,
            Membership.NotMember => false,
            _ => null,
        };
    }
}
