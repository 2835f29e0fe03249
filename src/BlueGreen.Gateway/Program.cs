using BlueGreen.Gateway;

return await GatewayHost.RunAsync(args);
