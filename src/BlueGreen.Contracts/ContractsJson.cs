using System.Text.Json;
using System.Text.Json.Serialization;

namespace BlueGreen.Contracts;

/// <summary>How the records of the admin API are written and read: camelCase, every field always present.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectNullableAnnotations = true, Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(ServiceStatus))]
[JsonSerializable(typeof(IReadOnlyList<ServiceStatus>))]
[JsonSerializable(typeof(Release))]
[JsonSerializable(typeof(ReleaseTimeline))]
[JsonSerializable(typeof(NothingToDo))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(IReadOnlyList<Release>))]
[JsonSerializable(typeof(BakedService))]
[JsonSerializable(typeof(Preflight))]
[JsonSerializable(typeof(IReadOnlyList<Gate>))]
[JsonSerializable(typeof(CutoverRequest))]
[JsonSerializable(typeof(PromoteRequest))]
[JsonSerializable(typeof(RollbackRequest))]
[JsonSerializable(typeof(GroupCutoverRequest))]
[JsonSerializable(typeof(GroupRollbackRequest))]
[JsonSerializable(typeof(GatewayHealth))]
[JsonSerializable(typeof(StreamedEvent))]
[JsonSerializable(typeof(HookBody))]
[JsonSerializable(typeof(DeployRequest))]
[JsonSerializable(typeof(MaintenanceRequest))]
[JsonSerializable(typeof(HoldRequest))]
[JsonSerializable(typeof(ResumeRequest))]
[JsonSerializable(typeof(PreviewTokenRequest))]
[JsonSerializable(typeof(PreviewKeyRotationRequest))]
[JsonSerializable(typeof(CreatedPreviewToken))]
[JsonSerializable(typeof(PreviewTokenInfo))]
[JsonSerializable(typeof(IReadOnlyList<PreviewTokenInfo>))]
[JsonSerializable(typeof(PreviewKeyRotation))]
[JsonSerializable(typeof(AuditEntry))]
[JsonSerializable(typeof(IReadOnlyList<AuditEntry>))]
public sealed partial class ContractsJson : JsonSerializerContext;
