import software.amazon.awssdk.core.util.VersionInfo;
import software.amazon.awssdk.services.sts.StsClient;

/** Calls GetCallerIdentity with the credentials of the SDK's default search. */
public final class Identity {
    public static void main(String[] arguments) {
        if (arguments.length > 0 && arguments[0].equals("version")) {
            System.out.println(VersionInfo.SDK_VERSION);
            return;
        }
        try (StsClient client = StsClient.create()) {
            System.out.println(client.getCallerIdentity().arn());
        }
    }
}
