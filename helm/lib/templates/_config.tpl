{{/* A value as the environment has it: lists with commas, lists of objects as JSON, whole numbers without exponent. */}}
{{- define "koinon.text" -}}
{{- if kindIs "slice" . -}}
{{- if and . (kindIs "map" (first .)) }}{{ toJson . }}{{ else }}{{ join "," . }}{{ end -}}
{{- else if kindIs "float64" . -}}{{ int64 . }}
{{- else -}}{{ toString . }}
{{- end -}}
{{- end }}

{{/* Settings of a process, from (list context itsOwn): the charts' defaults, then global.config, then its own. */}}
{{- define "koinon.settings" -}}
{{- $context := index . 0 -}}
{{- $defaults := dict "SHUTDOWN_DELAY_MS" 5000 "SHUTDOWN_DRAIN_MS" 60000 "RPC_CONNECTION_AGE_MS" 10000 -}}
{{- mergeOverwrite $defaults (($context.Values.global).config | default dict) (index . 1 | default dict) | toYaml -}}
{{- end }}

{{- define "koinon.settingsText" -}}
{{- range $name, $value := include "koinon.settings" . | fromYaml }}
{{ $name }}: {{ include "koinon.text" $value | quote }}
{{- end }}
{{- end }}

{{- define "koinon.configmap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "koinon.fullname" . }}
  labels:
    {{- include "koinon.labels" . | nindent 4 }}
data:
  {{- include "koinon.settingsText" (list . .Values.config) | trim | nindent 2 }}
{{- end }}

{{/*
How long the phases of the end take at most (packages/runtime): wait, stop pulling and drain calls are configured, the others add
up to 34 seconds with the grace that each gets.
*/}}
{{- define "koinon.gracePeriod" -}}
{{- $settings := include "koinon.settings" (list . .Values.config) | fromYaml -}}
{{- $ms := add (int64 $settings.SHUTDOWN_DELAY_MS) (mul 2 (int64 $settings.SHUTDOWN_DRAIN_MS)) -}}
{{- add 34 (div (add $ms 999) 1000) -}}
{{- end }}

{{/* What the chart sets itself; it wins over the ConfigMap. */}}
{{- define "koinon.env" -}}
{{- $network := .Values.global | default dict -}}
{{- if .Facts.ports.grpc }}
- { name: RPC_LISTEN, value: "0.0.0.0:{{ .Facts.ports.grpc }}" }
{{- end }}
- { name: ADMIN_LISTEN, value: "0.0.0.0:{{ .Facts.ports.admin }}" }
{{- if include "koinon.hasIdentity" . }}
- { name: TLS_CERTIFICATE_FILE, value: /etc/koinon/tls/tls.crt }
- { name: TLS_KEY_FILE, value: /etc/koinon/tls/tls.key }
- { name: TLS_CA_FILE, value: /etc/koinon/tls/ca.crt }
{{- end }}
{{- if .Facts.signs }}
{{- with $network.chainId }}
- { name: {{ upper $.Chart.Name }}_CHAIN_ID, value: {{ include "koinon.text" . | quote }} }
{{- end }}
{{- with $network.verifyingContract }}
- { name: {{ upper $.Chart.Name }}_VERIFYING_CONTRACT, value: {{ . | quote }} }
{{- end }}
{{- end }}
{{- if .Facts.events }}
- { name: NATS_URL, value: {{ required "global.natsUrl: name the NATS servers (JetStream) that carry events" $network.natsUrl | quote }} }
{{- with $network.natsPrefix }}
- { name: NATS_PREFIX, value: {{ . | quote }} }
{{- end }}
{{- with $network.natsTls }}
{{- if .secretName }}
- { name: NATS_TLS_CA_FILE, value: /etc/koinon/nats/ca.crt }
{{- if .clientCertificate }}
- { name: NATS_TLS_CERTIFICATE_FILE, value: /etc/koinon/nats/tls.crt }
- { name: NATS_TLS_KEY_FILE, value: /etc/koinon/nats/tls.key }
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- range $service, $address := include "koinon.addresses" . | fromYaml }}
- { name: {{ upper $service }}_ADDRESS, value: {{ $address | quote }} }
{{- end }}
{{- range .Facts.env }}
- {{ toYaml . | nindent 2 | trim }}
{{- end }}
{{- include "koinon.secretEnv" . }}
{{- end }}

{{- define "koinon.secretEnv" -}}
{{- range $name, $reference := .Values.secrets }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef: { name: {{ $reference.secretName | quote }}, key: {{ $reference.key | default $name | quote }} }
{{- end }}
{{- end }}

{{/*
Of the values that this service takes from Secrets, as the cluster has them: an upgrade after a change replaces its pods and no others.
Without a cluster to ask (helm template) it is the checksum of nothing.
*/}}
{{- define "koinon.secretsChecksum" -}}
{{- $known := list -}}
{{- range $name, $reference := .Values.secrets -}}
{{- $secret := lookup "v1" "Secret" $.Release.Namespace $reference.secretName | default dict -}}
{{- $known = append $known (index ($secret.data | default dict) ($reference.key | default $name) | default "") -}}
{{- end -}}
{{ join "," $known | sha256sum }}
{{- end }}

{{/*
Address of each service that this one calls: what `addresses` says, else the service of this release. One that it can do without
is left out when nobody runs it, and what depends on it is off.
*/}}
{{- define "koinon.addresses" -}}
{{- $running := (.Values.global).services | default dict -}}
{{- range $service := concat .Facts.requires .Facts.uses }}
{{- $given := index $.Values.addresses $service -}}
{{- if $given }}
{{ $service }}: {{ $given | quote }}
{{- else if hasKey $running $service }}
{{ $service }}: {{ printf "%s:7000" (include "koinon.nameOf" (list $.Release.Name $service)) | quote }}
{{- else if has $service $.Facts.requires }}
{{- fail (printf "%s.addresses.%s: %s calls %s, which is off in this release; enable it or say where it runs (host:port)" $.Chart.Name $service $.Chart.Name $service) }}
{{- end }}
{{- end }}
{{- end }}
