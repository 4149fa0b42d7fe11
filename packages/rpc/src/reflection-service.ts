import { bindService, type ServiceBinding } from "./binding.ts";
import type { DescriptorFiles } from "./descriptor-files.ts";
import {
  ServerReflectionDefinition,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from "./gen/grpc/reflection/v1/reflection.ts";
import { statusCodes } from "./status.ts";

type Answer = ServerReflectionResponse["messageResponse"];

/** The standard reflection service (grpc.reflection.v1), for tools such as grpcurl. `services` are the full names that are served; `load` is asked at the first question. */
export function createReflectionService(load: () => DescriptorFiles, services: readonly string[]): ServiceBinding {
  let files: DescriptorFiles | undefined;
  return bindService({
    definition: ServerReflectionDefinition,
    callers: "any",
    faults: {},
    handlers: {
      serverReflectionInfo: async function* (requests) {
        for await (const request of requests) {
          files ??= load();
          yield {
            validHost: request.host,
            originalRequest: request,
            messageResponse: answer(request.messageRequest, files, services),
          };
        }
      },
    },
  });
}

function answer(
  question: ServerReflectionRequest["messageRequest"],
  files: DescriptorFiles,
  services: readonly string[],
): Answer {
  switch (question?.$case) {
    case "listServices":
      return { $case: "listServicesResponse", value: { service: services.map((name) => ({ name })) } };
    case "fileByFilename":
      return fileAnswer(files, question.value);
    case "fileContainingSymbol":
      return fileAnswer(files, files.fileDeclaring(question.value));
    case "fileContainingExtension":
      return failure("NOT_FOUND", "no proto here declares extensions");
    case "allExtensionNumbersOfType":
      return {
        $case: "allExtensionNumbersResponse",
        value: { baseTypeName: question.value, extensionNumber: [] },
      };
    case undefined:
      return failure("INVALID_ARGUMENT", "the request asks for nothing");
  }
}

function fileAnswer(files: DescriptorFiles, name: string | undefined): Answer {
  const found = name === undefined ? undefined : files.withImports(name);
  if (found === undefined) return failure("NOT_FOUND", "not declared here");
  return { $case: "fileDescriptorResponse", value: { fileDescriptorProto: found.map((bytes) => Buffer.from(bytes)) } };
}

function failure(status: "NOT_FOUND" | "INVALID_ARGUMENT", errorMessage: string): Answer {
  return { $case: "errorResponse", value: { errorCode: statusCodes[status], errorMessage } };
}
