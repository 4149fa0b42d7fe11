{{/*
Brings the service's schema up to date before new pods start; pods of the release before keep working, because migrations only
expand. It has a policy of its own: the database and nothing else.
*/}}
{{- define "koinon.migrations" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "koinon.fullname" . }}-migrate
  {{- include "koinon.hook" (list . "migrate" "pre-install,pre-upgrade" "-1") | nindent 2 }}
spec:
  podSelector: { matchLabels: { app.kubernetes.io/name: {{ .Chart.Name }}-migrate, app.kubernetes.io/instance: {{ .Release.Name }} } }
  policyTypes: [Ingress, Egress]
  egress:
    {{- include "koinon.egressDns" . | nindent 4 }}
    {{- include "koinon.egressInfrastructure" (list . (pick .Values.network.infrastructure "postgres")) | nindent 4 }}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "koinon.fullname" . }}-migrate
  {{- include "koinon.hook" (list . "migrate" "pre-install,pre-upgrade" "0") | nindent 2 }}
spec:
  backoffLimit: 3
  activeDeadlineSeconds: 600
  {{- include "koinon.jobTemplate" (list . "migrate") | nindent 2 }}
          args: [migrate]
          env:
            {{- include "koinon.secretEnv" (dict "Values" (dict "secrets" (pick .Values.secrets .Facts.databaseUrl))) | trim | nindent 12 }}
{{- end }}

{{/* `helm test`: asks pods of the service whether they are ready, and what serves HTTP whether it answers. */}}
{{- define "koinon.test" -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "koinon.fullname" . }}-test
  {{- include "koinon.hook" (list . "test" "test" "0") | nindent 2 }}
spec:
  backoffLimit: 0
  activeDeadlineSeconds: 120
  {{- include "koinon.jobTemplate" (list . "test") | nindent 2 }}
          command:
            - node
            - --input-type=module
            - --eval
            - |
              for (const argument of process.argv.slice(1)) {
                // What stands behind # is a method of JSON-RPC.
                const [url, method] = argument.split("#");
                const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: [] });
                const post = { method: "POST", headers: { "content-type": "application/json" }, body };
                const answer = await fetch(url, { ...(method ? post : {}), signal: AbortSignal.timeout(10_000) });
                const text = await answer.text();
                process.stdout.write(`${argument} ${answer.status} ${text}\n`);
                if (!answer.ok || (method && JSON.parse(text).result === undefined)) process.exitCode = 1;
              }
          args:
            - http://{{ include "koinon.headlessName" . }}:{{ .Facts.ports.admin }}/readyz
            {{- range .Facts.jsonRpc }}
            - http://{{ include "koinon.fullname" $ }}:{{ $.Facts.servicePort }}#{{ . }}
            {{- end }}
            {{- with .Facts.testPath }}
            - http://{{ include "koinon.fullname" $ }}:{{ $.Values.service.port }}{{ . }}
            {{- end }}
{{- end }}

{{/* Labels and annotations of a hook, from (list context purpose events weight); it goes when it has succeeded. */}}
{{- define "koinon.hook" -}}
{{- $context := index . 0 -}}
labels:
  app.kubernetes.io/name: {{ $context.Chart.Name }}-{{ index . 1 }}
  app.kubernetes.io/instance: {{ $context.Release.Name }}
  app.kubernetes.io/part-of: koinon
annotations:
  helm.sh/hook: {{ index . 2 }}
  helm.sh/hook-weight: {{ index . 3 | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}

{{/* The pod of a job up to its one container, which the caller completes; from (list context purpose). */}}
{{- define "koinon.jobTemplate" -}}
{{- $purpose := index . 1 -}}
{{- with index . 0 -}}
template:
  metadata:
    labels:
      app.kubernetes.io/name: {{ .Chart.Name }}-{{ $purpose }}
      app.kubernetes.io/instance: {{ .Release.Name }}
  spec:
    restartPolicy: Never
    automountServiceAccountToken: false
    enableServiceLinks: false
    {{- with (.Values.global).imagePullSecrets }}
    imagePullSecrets:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    securityContext:
      {{- include "koinon.podSecurity" . | nindent 6 }}
    containers:
      - name: {{ $purpose }}
        image: {{ include "koinon.image" . }}
        imagePullPolicy: {{ .Values.image.pullPolicy }}
        terminationMessagePolicy: FallbackToLogsOnError
        securityContext:
          {{- include "koinon.containerSecurity" . | nindent 10 }}
        resources:
          requests: { cpu: 50m, memory: 96Mi }
          limits: { cpu: "1", memory: 256Mi }
{{- end }}
{{- end }}
