using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dialtone.Conformance.Tests.Hosting;

public sealed class HostedServerTests
{
    [Fact]
    public async Task A_server_lives_as_long_as_its_host_and_drains_with_it()
    {
        Server? server = null;
        var finished = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddDialtoneServer(_ => server = new Server(new ServerOptions { Listen = ["tcp://127.0.0.1:0"] }).Handle(async call =>
        {
            await call.SendAsync("hello"u8.ToArray());
            await Task.Delay(Timeout.Infinite, call.Closing).ContinueWith(_ => { }, TaskScheduler.Default);
            await call.SendAsync("bye"u8.ToArray());
            finished.SetResult();
        }));
        using IHost host = builder.Build();
        await host.StartAsync();

        Connection call = await Dialer.ConnectAsync(server!.Addresses[0]);
        await using (call)
        {
            var buffer = new byte[5];
            await call.Stream.ReadExactlyAsync(buffer).AsTask().SoonAsync();
            Assert.Equal("hello", Encoding.ASCII.GetString(buffer));

            await host.StopAsync().SoonAsync();
            await finished.Task.SoonAsync();
            await call.Stream.ReadExactlyAsync(buffer.AsMemory(0, 3));
            Assert.Equal("bye", Encoding.ASCII.GetString(buffer, 0, 3));
            Assert.Equal(0, server.ActiveConnections);
        }
    }

    [Fact]
    public async Task A_host_that_loses_patience_cuts_the_rest()
    {
        Server? server = null;
        var cut = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        var answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var draining = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddDialtoneServer(_ => server = new Server(new ServerOptions { Listen = ["memory:impatient host"] }).Handle(async call =>
        {
            using CancellationTokenRegistration hint = call.Closing.Register(draining.SetResult);
            answered.SetResult();
            try
            {
                await call.Input.ReadAsync();
            }
            catch (TransportException e)
            {
                cut.SetResult(e);
                throw;
            }
        }));
        using IHost host = builder.Build();
        await host.StartAsync();
        await using Connection call = await Dialer.ConnectAsync("memory:impatient host");
        await answered.Task.SoonAsync();

        using var patience = new CancellationTokenSource();
        Task stopping = host.StopAsync(patience.Token);
        await draining.Task.SoonAsync();
        await patience.CancelAsync();
        await stopping.ContinueWith(_ => { }, TaskScheduler.Default).SoonAsync();

        Assert.Equal(CloseReason.Disposed, Assert.IsType<TransportException>(await cut.Task.SoonAsync()).CloseReason);
    }

    [Fact]
    public async Task A_hosted_server_is_a_service_that_tells_where_it_listens()
    {
        #region README
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Services.AddDialtoneServer(services => new Server(new ServerOptions
        {
            Listen = ["tcp://127.0.0.1:0"],
            LoggerFactory = services.GetService<ILoggerFactory>(),
        }).Handle<UpperCase>());
        using IHost host = builder.Build();
        await host.StartAsync();

        Address address = host.Services.GetRequiredService<Server>().Addresses[0]; // with its real port
        #endregion

        await using (Connection call = await Dialer.ConnectAsync(address))
        {
            await call.WriteLineAsync("hello");
            Assert.Equal("HELLO", await call.ReadLineAsync().AsTask().SoonAsync());
        }

        await host.StopAsync().SoonAsync();
        await Assert.ThrowsAsync<TransportException>(() => Dialer.ConnectAsync(address));
    }

    [Fact]
    public async Task Each_of_several_servers_lives_with_the_host()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        foreach (string name in (string[])["memory:first of the host", "memory:second of the host"])
            builder.Services.AddDialtoneServer(_ => new Server(new ServerOptions { Listen = [name] }).Handle<UpperCase>());
        using IHost host = builder.Build();
        await host.StartAsync();
        Server[] servers = [.. host.Services.GetServices<Server>()];
        Assert.Equal(["memory:first of the host", "memory:second of the host"], servers.Select(static server => server.Addresses[0].ToString()));
        await host.StopAsync().SoonAsync();
        Assert.All(servers, static server => Assert.Throws<InvalidOperationException>(() => server.Handle<UpperCase>())); // it was they that ran
    }

    private sealed class UpperCase : StreamHandler
    {
        protected override async ValueTask HandleAsync()
        {
            await foreach (string line in Connection.ReadLinesAsync(cancellationToken: Closing))
                await Connection.WriteLineAsync(line.ToUpperInvariant());
        }
    }
}
