{{/*
Environment of the service. Plain values come from the ConfigMap, secrets by reference from existing Secrets,
addresses of the services it calls from `calls`.
*/}}
{{- define "koinon.env" -}}
- name: RPC_LISTEN
  value: {{ printf "0.0.0.0:%v" .Values.ports.grpc | quote }}
- name: ADMIN_LISTEN
  value: {{ printf "0.0.0.0:%v" .Values.ports.admin | quote }}
{{- if .Values.tls.secretName }}
- name: TLS_CERTIFICATE_FILE
  value: /etc/koinon/tls/tls.crt
- name: TLS_KEY_FILE
  value: /etc/koinon/tls/tls.key
- name: TLS_CA_FILE
  value: /etc/koinon/tls/ca.crt
{{- end }}
{{- range $service := .Values.network.calls }}
- name: {{ upper $service }}_ADDRESS
  value: {{ printf "%s-%s-headless:%v" $.Release.Name $service $.Values.ports.grpc | quote }}
{{- end }}
{{- include "koinon.database" . }}
{{- range $name, $reference := .Values.secrets }}
{{- if $reference.secretName }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $reference.secretName }}
      key: {{ $reference.key }}
{{- end }}
{{- end }}
{{- end }}

{{/* The database URL, from the Secret that `database.secretName` names. Services without a database have no `database.env`. */}}
{{- define "koinon.database" -}}
{{- with .Values.database }}
- name: {{ .env }}
  valueFrom:
    secretKeyRef:
      name: {{ required (printf "%s.database.secretName: name the Secret that holds the database URL" $.Chart.Name) .secretName }}
      key: {{ .key }}
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
  {{- range $name, $value := .Values.config }}
  {{ $name }}: {{ $value | toString | quote }}
  {{- end }}
{{- end }}
