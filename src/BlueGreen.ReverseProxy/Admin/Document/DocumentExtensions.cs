using Microsoft.Extensions.DependencyInjection;

namespace BlueGreen.ReverseProxy.Admin.Document;

/// <summary>Wires up the OpenAPI document of the admin API.</summary>
internal static class DocumentExtensions
{
    public static IServiceCollection AddAdminDocument(this IServiceCollection services) => services.AddOpenApi("v1", options => options
        .AddSchemaTransformer(SchemaRules.ApplyAsync)
        .AddOperationTransformer(OperationRules.ApplyAsync)
        .AddDocumentTransformer(DocumentRules.ApplyAsync));
}
