// From a refresh token to an answered survey, in C# with nothing but the framework.
//
//   mcs -r:System.Net.Http.dll -r:System.Web.Extensions.dll FirstSteps.cs
//
// Needs a running server and what `chaupal init` printed:
//
//   APPLICATION_ID=... APPLICATION_SECRET=... REFRESH_TOKEN=... mono FirstSteps.exe
//
// The last steps receive a webhook on this machine; the server calls it where CHAUPAL_CALLBACK_ALLOW names 127.0.0.1.

using System;
using System.Collections;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Text;
using System.Threading.Tasks;
using System.Web.Script.Serialization;

using Fields = System.Collections.Generic.Dictionary<string, object>;

public class Refused : Exception
{
    public Refused(string message) : base(message) { }
}

// Whoever the refresh token stands for.
public class Account
{
    static readonly JavaScriptSerializer Json = new JavaScriptSerializer();
    readonly HttpClient client = new HttpClient { Timeout = TimeSpan.FromMinutes(1) };
    string endpoint;

    public async Task SignIn(string apiRoot, string applicationId, string applicationSecret, string refreshToken)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, apiRoot + "/v1/accessToken");
        request.Headers.Add("applicationId", applicationId);
        request.Headers.Add("applicationSecret", applicationSecret);
        request.Headers.Add("refreshToken", refreshToken);
        var answer = await Send(request);
        endpoint = (string)answer["endpointUrl"] + "v1"; // it ends in a slash
        client.DefaultRequestHeaders.Add("accessToken", (string)answer["accessToken"]);
    }

    public Task<Fields> Post(string path, object body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, endpoint + path);
        request.Content = new StringContent(Json.Serialize(body), Encoding.UTF8, "application/json");
        return Send(request);
    }

    public Task<Fields> Delete(string path)
    {
        return Send(new HttpRequestMessage(HttpMethod.Delete, endpoint + path));
    }

    async Task<Fields> Send(HttpRequestMessage request)
    {
        var answer = await client.SendAsync(request);
        var fields = Read(await answer.Content.ReadAsStringAsync());
        if (fields.ContainsKey("errorCode"))
        {
            throw new Refused(fields["errorCode"] + ": " + fields["message"] + " (request " + fields["requestId"] + ")");
        }
        return fields;
    }

    public static Fields Read(string text)
    {
        return Json.Deserialize<Fields>(text);
    }
}

public static class FirstSteps
{
    const string CallbackToken = "open-sesame";

    static string Setting(string name, string otherwise = null)
    {
        var value = Environment.GetEnvironmentVariable(name) ?? otherwise;
        if (value == null)
        {
            throw new ArgumentException(name + " is not set");
        }
        return value;
    }

    public static int Main()
    {
        try
        {
            Run().GetAwaiter().GetResult();
            return 0;
        }
        catch (Exception error) when (error is Refused || error is ArgumentException || error is HttpRequestException)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }
    }

    static async Task Run()
    {
        var account = new Account();
        await account.SignIn(Setting("API_ROOT", "http://127.0.0.1:8080"),
            Setting("APPLICATION_ID"), Setting("APPLICATION_SECRET"), Setting("REFRESH_TOKEN"));

        var group = await account.Post("/groups", new { name = "Shop floor", members = new[] { "+919876500001" } });
        var path = "/groups/" + group["groupId"];
        Console.WriteLine("Made the group " + group["groupId"]);

        var message = await account.Post(path + "/messages", new { message = "The shop opens at nine." });
        Console.WriteLine("Sent the message " + message["referenceId"]);

        var survey = await account.Post(path + "/actions", new { actionType = "Survey", actionBody = Form() });
        Console.WriteLine("Posted the survey " + survey["actionId"]);

        var callback = "http://127.0.0.1:" + Setting("CALLBACK_PORT", "8099") + "/";
        using (var listener = new HttpListener())
        {
            listener.Prefixes.Add(callback);
            listener.Start();
            var firstEvent = Receive(listener);
            var webhook = await account.Post("/webhook", new
            {
                objectId = survey["actionId"],
                objectType = "Action",
                eventTypes = new[] { "SurveyResponse" },
                callBackUrl = callback,
                callBackToken = CallbackToken,
            });
            Console.WriteLine("Registered the webhook " + webhook["webhookId"]);

            await account.Post(path + "/actions/" + survey["actionId"] + "/responses",
                new { actionType = "Survey", actionBody = new { answers = new object[] { "Good", 42 } } });
            Show(await firstEvent);
            await account.Delete("/webhook/" + webhook["webhookId"]);
        }
        Console.WriteLine("Done");
    }

    static object Form()
    {
        return new
        {
            title = "How was the day?",
            dueDate = 48, // hours
            questions = new object[]
            {
                new
                {
                    title = "Sales",
                    type = "SingleOption",
                    options = new[] { new { title = "Good" }, new { title = "Poor" } },
                },
                new { title = "Customers", type = "Numeric" },
            },
        };
    }

    // Answers the server until it has told of something.
    static async Task<Fields> Receive(HttpListener listener)
    {
        while (true)
        {
            var context = await listener.GetContextAsync();
            if (context.Request.HttpMethod == "GET")
            {
                Answer(context, 200, context.Request.QueryString["validationToken"]); // this address is ours
                continue;
            }
            string body;
            using (var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8))
            {
                body = await reader.ReadToEndAsync();
            }
            var isFromServer = context.Request.Headers["kz-callback-token"] == CallbackToken;
            Answer(context, isFromServer ? 200 : 403, ""); // first take it, then work
            if (isFromServer)
            {
                return Account.Read(body);
            }
        }
    }

    static void Answer(HttpListenerContext context, int status, string text)
    {
        var content = Encoding.UTF8.GetBytes(text ?? "");
        context.Response.StatusCode = status;
        context.Response.ContentLength64 = content.Length;
        context.Response.OutputStream.Write(content, 0, content.Length);
        context.Response.Close();
    }

    static void Show(Fields told)
    {
        var details = (Fields)((Fields)told["data"])["responseDetails"];
        foreach (Fields entry in (IEnumerable)details["responseWithQuestions"])
        {
            if (entry.ContainsKey("answer") && !(entry.ContainsKey("isInvisible") && (bool)entry["isInvisible"]))
            {
                var answer = entry["answer"] as ArrayList; // of an option: a list with its title
                var shown = answer == null ? entry["answer"] : string.Join(", ", answer.ToArray());
                Console.WriteLine("Received: " + entry["title"] + " = " + shown);
            }
        }
    }
}
